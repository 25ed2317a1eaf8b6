// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "api_common.h"
#include "mrda/v1/sessions.grpc.pb.h"
#include "session_manager.h"
#include "vm_registry.h"

namespace mrda::service {

/// mrda.v1.Sessions: who calls is found out here, everything else is the manager's. gRPC calls it
/// on threads of its own; all work is posted to the loop. Both must outlive it.
class SessionsApi final : public v1::Sessions::CallbackService {
  public:
    /// `mutual_tls`: a client's certificate names its VM, in place of a token.
    SessionsApi(EventLoop& loop, SessionManager& sessions, VmRegistry& vms, bool mutual_tls)
        : loop_(loop), sessions_(sessions), vms_(vms), mutual_tls_(mutual_tls) {}

    grpc::ServerUnaryReactor* Create(grpc::CallbackServerContext* context,
                                     const v1::CreateRequest* request,
                                     v1::CreateReply* reply) override;
    grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context,
                                       const v1::SessionRef* request,
                                       v1::SessionStatus* reply) override;
    grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* context,
                                   const v1::ListRequest* request, v1::ListReply* reply) override;
    grpc::ServerWriteReactor<v1::SessionStatus>* Watch(grpc::CallbackServerContext* context,
                                                       const v1::SessionRef* request) override;
    grpc::ServerUnaryReactor* Renew(grpc::CallbackServerContext* context,
                                    const v1::SessionRef* request, v1::RenewReply* reply) override;
    grpc::ServerUnaryReactor* Drain(grpc::CallbackServerContext* context,
                                    const v1::SessionRef* request,
                                    v1::SessionStatus* reply) override;
    grpc::ServerUnaryReactor* Reset(grpc::CallbackServerContext* context,
                                    const v1::SessionRef* request,
                                    v1::SessionStatus* reply) override;
    grpc::ServerUnaryReactor* Stop(grpc::CallbackServerContext* context,
                                   const v1::SessionRef* request,
                                   v1::SessionStatus* reply) override;

  private:
    /// What a call shows of who makes it; copied, because the context goes before the loop is
    /// there.
    struct Credential {
        std::string token;
        std::string common_name;
    };
    [[nodiscard]] Credential credential_of(const grpc::CallbackServerContext& context) const;
    /// Errors: permission_denied. On the loop's thread.
    [[nodiscard]] Result<std::shared_ptr<Vm>> caller(const Credential& credential) const;
    /// Finds the caller's session and does `act` to it.
    grpc::ServerUnaryReactor* with_session(grpc::CallbackServerContext* context,
                                           const v1::SessionRef* request, v1::SessionStatus* reply,
                                           Result<void> (*act)(SessionManager&, Session&));

    EventLoop& loop_;
    SessionManager& sessions_;
    VmRegistry& vms_;
    bool mutual_tls_;
};

}  // namespace mrda::service
