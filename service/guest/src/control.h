// SPDX-License-Identifier: MIT
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "mrda/interop/result.h"
#include "mrda/v1/sessions.grpc.pb.h"
#include "tls.h"
#include "token.h"

namespace mrda::guest::core {

/// For each call but Create.
inline constexpr std::uint64_t kCallTimeoutNs = 2'000'000'000;

/// What a guest says to the service: never anything per frame. Every call waits until its deadline
/// at most, and fails with the service's words; Error::native is the gRPC status then. Any thread.
class Control {
  public:
    /// Whether a call fails at once where nobody answers, or waits until somebody does.
    enum class Contact : std::uint8_t { at_once, patient };

    /// Does not connect yet. `address` is "HOST:PORT" or "unix:PATH".
    /// Errors: invalid_argument, and what Token::read() and credentials_of() say.
    static Result<std::unique_ptr<Control>> make(std::string address, Token token,
                                                 const TlsFiles& tls);

    /// Reads the token anew. True: it is another one. Errors: as Token::read(); the old one stays.
    Result<bool> refresh_token();

    Result<v1::CreateReply> create(const v1::CreateRequest& request, std::uint64_t deadline_ns);
    Result<v1::RenewReply> renew(std::uint64_t session, std::uint64_t deadline_ns, Contact contact);
    Result<v1::SessionStatus> reset(std::uint64_t session, std::uint64_t deadline_ns);
    /// Also after cancel().
    Result<v1::SessionStatus> stop(std::uint64_t session, std::uint64_t deadline_ns);

    /// Tells every state of the session until there are no more, or the service or `context` ends
    /// it. Unlike the others, waits for as long as that takes.
    Result<void> watch(std::uint64_t session, grpc::ClientContext& context,
                       const std::function<void(const v1::SessionStatus&)>& told);

    /// The session's wake-ups, until `context`, which must outlive the stream, or the service ends
    /// them.
    std::unique_ptr<grpc::ClientReaderWriter<v1::WakeRequest, v1::WakeReply>> open_wake_stream(
        grpc::ClientContext& context);

    /// Ends all calls but stop(), watch() and wake streams, and lets no new ones begin.
    void cancel();

    [[nodiscard]] std::uint64_t rpc_count() const { return rpc_count_; }
    [[nodiscard]] const std::string& address() const { return address_; }

  private:
    class Listed;

    Control(std::string address, Token token, std::unique_ptr<v1::Sessions::Stub> stub);
    /// Makes one call; `what` does it with a context that is ready.
    template <typename Call>
    Result<void> call(const char* name, std::uint64_t deadline_ns, Contact contact, bool can_cancel,
                      Call what);
    void show_token(grpc::ClientContext& context);
    Error error_of(const char* name, const grpc::Status& status);

    std::string address_;
    Token token_;
    std::unique_ptr<v1::Sessions::Stub> stub_;
    std::atomic<std::uint64_t> rpc_count_ = 0;
    std::mutex mutex_;
    std::string secret_;                        // Under mutex_, as the rest.
    std::set<grpc::ClientContext*> under_way_;  // Those that cancel() ends.
    bool cancelled_ = false;
};

}  // namespace mrda::guest::core
