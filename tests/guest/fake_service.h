// SPDX-License-Identifier: MIT
#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "attach_server.h"
#include "fake_host.h"
#include "mrda/v1/sessions.grpc.pb.h"

namespace mrda::guest::test {

/// What a fake service does otherwise than a real one.
struct Manners {
    std::uint32_t epoch = 1;
    std::uint32_t lease_ms = 60'000;
    std::string token;      ///< Wanted of guests; empty: none.
    bool scripted = false;  ///< The test is the host; else the worker's pipeline is.
    bool has_watch = true;
    int descriptors = 1;  ///< That the region socket hands out.
    std::uint32_t frame_alignment = 64;
    grpc::Status create_status;    ///< Not OK: the answer to every Create.
    int unavailable_renewals = 0;  ///< How many of the first ones get no answer.
    /// Changes an answer, or the host's memory, before the answer goes out.
    std::function<void(v1::CreateReply&, FakeHost&)> forge;
};

/// mrda.v1.Sessions on a unix socket, in this process, with a host for each session.
class FakeService final : private v1::Sessions::Service {
  public:
    /// Listens on DIR/mrda.sock and DIR/regions.sock.
    FakeService(const std::string& dir, Manners manners);
    /// Goes away as a service that is killed: calls break, hosts fall silent.
    ~FakeService() override;

    /// The host of the session that was made last.
    [[nodiscard]] FakeHost& host();
    /// Tells who watches that the last session is in this state.
    void tell(v1::SessionState state, const std::string& failure = {});
    /// Forgets all sessions, as if their leases had ended unseen.
    void forget_sessions();

    /// How often `call` came ("Create", "Renew" ...).
    [[nodiscard]] int count(const std::string& call);
    /// Waits until it came so often; false: it did not in two seconds.
    bool wait_for_count(const std::string& call, int count);
    [[nodiscard]] v1::CreateRequest last_request();
    [[nodiscard]] std::uint64_t last_session_id();

  private:
    struct Session {
        std::unique_ptr<FakeHost> host;
        v1::SessionStatus status;
    };

    grpc::Status Create(grpc::ServerContext* context, const v1::CreateRequest* request,
                        v1::CreateReply* reply) override;
    grpc::Status Watch(grpc::ServerContext* context, const v1::SessionRef* request,
                       grpc::ServerWriter<v1::SessionStatus>* writer) override;
    grpc::Status Renew(grpc::ServerContext* context, const v1::SessionRef* request,
                       v1::RenewReply* reply) override;
    grpc::Status Reset(grpc::ServerContext* context, const v1::SessionRef* request,
                       v1::SessionStatus* reply) override;
    grpc::Status Stop(grpc::ServerContext* context, const v1::SessionRef* request,
                      v1::SessionStatus* reply) override;
    /// Counts the call and looks at who makes it.
    grpc::Status admit(const grpc::ServerContext& context, const std::string& call);

    Manners manners_;
    std::string region_socket_;
    std::mutex mutex_;
    std::condition_variable changed_;
    // Under mutex_.
    std::map<std::uint64_t, Session> sessions_;
    std::vector<std::unique_ptr<FakeHost>> forgotten_;
    std::map<std::string, int> counts_;
    v1::CreateRequest last_request_;
    std::uint64_t last_id_;
    bool dying_ = false;
    std::unique_ptr<AttachServer> attach_;
    std::unique_ptr<grpc::Server> server_;
};

}  // namespace mrda::guest::test
