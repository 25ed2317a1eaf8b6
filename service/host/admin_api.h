// SPDX-License-Identifier: MIT
#pragma once

#include "event_loop.h"
#include "mrda/v1/admin.grpc.pb.h"
#include "plugin_catalogue.h"
#include "resource_manager.h"
#include "rpc_queue.h"
#include "session_manager.h"
#include "vm_registry.h"

namespace mrda::service {

/// mrda.v1.Admin, on a socket that only the service's user can open: whoever calls may. As
/// SessionsApi.
class AdminApi {
  public:
    AdminApi(EventLoop& loop, SessionManager& sessions, VmRegistry& vms, ResourceManager& resources,
             PluginCatalogue& plugins, std::string platform)
        : loop_(loop),
          sessions_(sessions),
          vms_(vms),
          resources_(resources),
          plugins_(plugins),
          platform_(std::move(platform)) {}

    [[nodiscard]] grpc::Service& service() { return service_; }
    /// Begins to answer; once, when the server with service() is built.
    void serve(RpcQueue& queue);

  private:
    using Service = v1::Admin::AsyncService;
    [[nodiscard]] Result<void> add_vm(const v1::Vm& vm, v1::AddVmReply& reply);
    [[nodiscard]] Result<void> list_vms(v1::ListVmsReply& reply) const;
    [[nodiscard]] Result<void> remove_vm(const std::string& name, v1::RemoveVmReply& reply);
    [[nodiscard]] Result<void> stop(std::uint64_t session, v1::SessionStatus& reply);
    void fill(v1::ResourcesReply& reply) const;
    /// What runs on each plugin now.
    void fill_load(v1::ListPluginsReply& reply) const;

    Service service_;
    EventLoop& loop_;
    SessionManager& sessions_;
    VmRegistry& vms_;
    ResourceManager& resources_;
    PluginCatalogue& plugins_;
    std::string platform_;
};

}  // namespace mrda::service
