// SPDX-License-Identifier: MIT
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <thread>

#include "admin_api.h"
#include "config.h"
#include "region_socket.h"
#include "rpc_queue.h"
#include "session_manager.h"
#include "sessions_api.h"

namespace mrda::service {

/// The whole service: state, sessions, and the three sockets. run() is for main's thread.
class Server {
  public:
    /// Claims its folders, and listens. Errors: busy (another service), invalid_argument (address,
    /// config), io, and what choosing the platform says.
    static Result<std::unique_ptr<Server>> create(const Config& config);

    /// Until SIGTERM or SIGINT, which end it gracefully; a second one at once.
    Result<void> run();

  private:
    Server() = default;
    Result<void> open_state(const Config& config);
    Result<void> choose(const Config& config, SessionSettings& settings);
    Result<void> listen(const Config& config);
    Result<void> add_vms(const Config& config);
    /// Something happened to a virtual machine's device.
    void heard_machine(DoorbellHolder::Event event, const SharedRegion& device,
                       const std::string& words);
    void sample_resources();
    void see_devices(Result<std::vector<DeviceReading>> readings);
    void heard_signal();
    void shut_down();

    std::string runtime_dir_;
    std::uint64_t drain_ns_ = 0;
    Fd runtime_lock_;
    Fd state_lock_;
    std::uint32_t epoch_ = 0;
    std::string platform_;
    std::string device_;
    std::string probe_program_;
    Fd signals_;
    bool closing_ = false;
    // What stands below uses what stands above.
    std::unique_ptr<EventLoop> loop_;
    std::optional<DoorbellHolder> holder_;
    std::optional<VmRegistry> vms_;
    std::optional<ResourceManager> resources_;
    std::optional<SessionManager> sessions_;
    std::unique_ptr<RegionSocket> regions_;
    std::optional<SessionsApi> sessions_api_;
    std::optional<PluginCatalogue> plugins_;
    std::optional<AdminApi> admin_api_;
    std::optional<RpcQueue> sessions_queue_;
    std::optional<RpcQueue> admin_queue_;
    std::unique_ptr<grpc::Server> sessions_server_;
    std::unique_ptr<grpc::Server> admin_server_;
    std::optional<DeviceWatch> device_watch_;
    std::thread ending_;
};

}  // namespace mrda::service
