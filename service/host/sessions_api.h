// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "event_loop.h"
#include "mrda/v1/sessions.grpc.pb.h"
#include "rpc_call.h"
#include "session_manager.h"
#include "vm_registry.h"

namespace mrda::service {

/// mrda.v1.Sessions: who calls is found out here, everything else is the manager's. All work
/// is posted to the loop. What it is given must outlive it, and it the queue.
class SessionsApi {
  public:
    /// `mutual_tls`: a client's certificate names its VM, in place of a token.
    SessionsApi(EventLoop& loop, SessionManager& sessions, VmRegistry& vms, bool mutual_tls)
        : loop_(loop), sessions_(sessions), vms_(vms), mutual_tls_(mutual_tls) {}

    [[nodiscard]] grpc::Service& service() { return service_; }
    /// Begins to answer; once, when the server with service() is built.
    void serve(RpcQueue& queue);

  private:
    using Service = v1::Sessions::AsyncService;
    using CreateCall = UnaryCall<v1::CreateRequest, v1::CreateReply>;
    using SessionCall = UnaryCall<v1::SessionRef, v1::SessionStatus>;

    /// By certificate or token. Errors: permission_denied. On the loop's thread, as what follows.
    [[nodiscard]] Result<std::shared_ptr<Vm>> caller(const grpc::ServerContext& context) const;
    void create(CreateCall& call);
    /// Finds the caller's session and does `act` to it.
    Result<void> with_session(SessionCall& call, Result<void> (*act)(SessionManager&, Session&));
    Result<void> list(const grpc::ServerContext& context, v1::ListReply& reply);

    Service service_;
    EventLoop& loop_;
    SessionManager& sessions_;
    VmRegistry& vms_;
    bool mutual_tls_;
};

}  // namespace mrda::service
