// SPDX-License-Identifier: MIT
#pragma once

#include "api_common.h"
#include "mrda/v1/admin.grpc.pb.h"
#include "resource_manager.h"
#include "session_manager.h"
#include "vm_registry.h"

namespace mrda::service {

/// mrda.v1.Admin, on a socket that only the service's user can open: whoever calls may. As
/// SessionsApi.
class AdminApi final : public v1::Admin::CallbackService {
  public:
    AdminApi(EventLoop& loop, SessionManager& sessions, VmRegistry& vms, ResourceManager& resources,
             std::string platform)
        : loop_(loop),
          sessions_(sessions),
          vms_(vms),
          resources_(resources),
          platform_(std::move(platform)) {}

    grpc::ServerUnaryReactor* AddVm(grpc::CallbackServerContext* context, const v1::Vm* request,
                                    v1::AddVmReply* reply) override;
    grpc::ServerUnaryReactor* RemoveVm(grpc::CallbackServerContext* context,
                                       const v1::VmRef* request, v1::RemoveVmReply* reply) override;
    grpc::ServerUnaryReactor* ListVms(grpc::CallbackServerContext* context,
                                      const v1::ListVmsRequest* request,
                                      v1::ListVmsReply* reply) override;
    grpc::ServerUnaryReactor* ListSessions(grpc::CallbackServerContext* context,
                                           const v1::ListRequest* request,
                                           v1::ListReply* reply) override;
    grpc::ServerUnaryReactor* StopSession(grpc::CallbackServerContext* context,
                                          const v1::SessionRef* request,
                                          v1::SessionStatus* reply) override;
    grpc::ServerUnaryReactor* GetResources(grpc::CallbackServerContext* context,
                                           const v1::ResourcesRequest* request,
                                           v1::ResourcesReply* reply) override;

  private:
    EventLoop& loop_;
    SessionManager& sessions_;
    VmRegistry& vms_;
    ResourceManager& resources_;
    std::string platform_;
};

}  // namespace mrda::service
