// SPDX-License-Identifier: MIT
#include "server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "log.h"
#include "mrda/interop/exit_code.h"
#include "private_dir.h"
#include "process.h"
#include "runtime_dir.h"
#include "state_file.h"

namespace mrda::service {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kSampleNs = 1'000'000'000;
constexpr std::uint64_t kDeviceNs = 5'000'000'000;
/// For killed workers to be reaped, beyond the time that draining has.
constexpr std::uint64_t kLastPatienceNs = 10'000'000'000;
/// No message of ours is longer, so none of anybody's may be.
constexpr int kMaxRpcBytes = 64 * 1024;
constexpr std::size_t kMaxRpcMemoryBytes = std::size_t{64} << 20;
constexpr int kMaxRpcThreads = 16;
constexpr int kMaxConcurrentCalls = 128;
constexpr int kKeepaliveMs = 20'000;
constexpr int kIdleConnectionMs = 60'000;
constexpr int kHandshakeMs = 5'000;

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        return make_error(Errc::not_found, "cannot read " + path);
    }
    return text.str();
}

/// Errors: as read_file(), invalid_argument (empty).
Result<std::string> read_pem(const std::string& path) {
    MRDA_ASSIGN(std::string text, read_file(path));
    if (text.find("-----BEGIN ") == std::string::npos) {
        return make_error(Errc::invalid_argument, path + " has no PEM in it");
    }
    return text;
}

/// Errors: as read_pem(), permission_denied (others can read it).
Result<std::string> read_key(const std::string& path) {
    struct stat file {};
    if (::stat(path.c_str(), &file) == 0 && (file.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
        return make_error(Errc::permission_denied,
                          path + " is a key that others can read or write; chmod 0600 it");
    }
    return read_pem(path);
}

Result<std::shared_ptr<grpc::ServerCredentials>> credentials_of(const std::string& address,
                                                                const TlsFiles& tls) {
    // A unix socket has its mode; guests speak no TLS on one.
    if (tls.certificate.empty() || address.rfind("unix:", 0) == 0) {
        return grpc::InsecureServerCredentials();
    }
    grpc::SslServerCredentialsOptions options(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    MRDA_ASSIGN(options.pem_root_certs, read_pem(tls.client_ca));
    MRDA_ASSIGN(std::string key, read_key(tls.key));
    MRDA_ASSIGN(std::string certificate, read_pem(tls.certificate));
    options.pem_key_cert_pairs.push_back({std::move(key), std::move(certificate)});
    return grpc::SslServerCredentials(options);
}

/// What a client that means ill can have of this process: frames, calls at once on a connection,
/// connections that say nothing, memory, and the threads that reflection takes.
void bound(grpc::ServerBuilder& builder) {
    grpc::ResourceQuota quota("mrda");
    quota.Resize(kMaxRpcMemoryBytes);
    quota.SetMaxThreads(kMaxRpcThreads);
    builder.SetResourceQuota(quota);
    builder.SetMaxReceiveMessageSize(kMaxRpcBytes);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxConcurrentCalls);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleConnectionMs);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::create(const Config& config) {
    MRDA_TRY(check_address(config));
    ::umask(077);
    raise_descriptor_limit();
    std::unique_ptr<Server> server(new Server());
    // Before any thread, so that every one of them has the mask.
    MRDA_ASSIGN(server->signals_, take_signals());
    MRDA_ASSIGN(server->loop_, EventLoop::create());
    MRDA_TRY(server->open_state(config));
    SessionSettings settings;
    MRDA_TRY(server->choose(config, settings));
    ResourceLimits limits = config.limits;
    if (config.platform == PlatformRequest::gpu) {
        limits.strategy = Strategy::gpu_only;
    }
    server->resources_.emplace(limits);
    MRDA_TRY(server->resources_->sample());
    settings.worker_memory_bytes = limits.worker_memory_bytes != 0
                                       ? limits.worker_memory_bytes
                                       : server->resources_->last().memory_total_bytes / 2;
    if (server->platform_ == to_string(Platform::gpu)) {
        server->see_devices(probe_devices(server->probe_program_));
    }
    MRDA_TRY(server->add_vms(config));
    server->plugins_.emplace(*server->loop_, server->probe_program_, settings.plugin_dirs);
    server->sessions_.emplace(*server->loop_, std::move(settings), *server->resources_,
                              server->runtime_dir_ + "/" + kRegionSocketName);
    if (const auto listening = server->listen(config); !listening.ok()) {
        // Calls that have come already end on the loop.
        server->shut_down();
        server->loop_->run();
        server->ending_.join();
        return listening.error();
    }
    return server;
}

Result<void> Server::open_state(const Config& config) {
    runtime_dir_ = config.runtime_dir;
    drain_ns_ = config.drain_ms * kNsPerMs;
    MRDA_TRY(make_private_dir(runtime_dir_));
    MRDA_TRY(make_private_dir(config.state_dir));
    MRDA_ASSIGN(runtime_lock_, lock_dir(runtime_dir_));
    if (config.state_dir != runtime_dir_) {
        MRDA_ASSIGN(state_lock_, lock_dir(config.state_dir));
    }
    MRDA_ASSIGN(epoch_, next_epoch(config.state_dir));
    holder_.emplace(*loop_,
                    DoorbellHolder::Settings{
                        .runtime_dir = runtime_dir_,
                        .socket_dir = config.socket_dir,
                        .program = config.start_doorbell ? program_dir() + "/mrda-doorbell" : "",
                        .json_log = config.json_log},
                    [this](DoorbellHolder::Event event, const std::shared_ptr<SharedRegion>& device,
                           const std::string& words) { heard_machine(event, *device, words); });
    MRDA_ASSIGN(VmRegistry vms, VmRegistry::open(config.state_dir, runtime_dir_, &*holder_));
    vms_.emplace(std::move(vms));
    return {};
}

Result<void> Server::choose(const Config& config, SessionSettings& settings) {
    std::optional<PciAddress> device;
    if (!config.device.empty()) {
        MRDA_ASSIGN(device, parse_pci_address(config.device));
    }
    MRDA_ASSIGN(const PlatformChoice choice, choose_platform(config.platform, device));
    if (!choice.notice.empty()) {
        Log::warn("platform", {{"notice", choice.notice}});
    }
    platform_ = to_string(choice.platform);
    device_ = config.device;
    probe_program_ = program_dir() + "/mrda-probe";
    settings.epoch = epoch_;
    settings.lease_ns = config.lease_ms * kNsPerMs;
    settings.worker_program =
        config.worker_program.empty() ? program_dir() + "/mrda-worker" : config.worker_program;
    settings.spare_worker = config.spare_worker;
    const auto drivers = software_driver_dir();
    if (drivers.ok()) {
        settings.driver_dir = *drivers;
    }
    settings.plugin_dirs = config.plugin_dirs;
    if (settings.plugin_dirs.empty()) {
        MRDA_TRY(drivers);
        settings.plugin_dirs = {*drivers + "/plugins"};
    }
    return {};
}

Result<void> Server::add_vms(const Config& config) {
    for (const VmConfig& vm : config.vms) {
        MRDA_TRY(vms_->configure(vm));
    }
    if (config.vms.empty() && vms_->find("local") == nullptr) {
        VmConfig local;
        local.name = "local";
        MRDA_TRY(vms_->configure(local));
    }
    vms_->forget_other_devices();
    // Again at every start: the folder of the token may have gone with a reboot.
    MRDA_ASSIGN(std::string name, vms_->default_vm());
    if (name.empty()) {
        name = vms_->find("local") != nullptr ? "local" : vms_->all().front()->config.name;
    }
    return vms_->make_default(name);
}

Result<void> Server::listen(const Config& config) {
    MRDA_ASSIGN(regions_, RegionSocket::listen(*loop_, runtime_dir_ + "/" + kRegionSocketName,
                                               [this](const std::string& token) {
                                                   return sessions_->region_of(token);
                                               }));
    sessions_api_.emplace(*loop_, *sessions_, *vms_, !config.tls.certificate.empty());
    admin_api_.emplace(*loop_, *sessions_, *vms_, *resources_, *plugins_, platform_);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();

    // First: whoever sees a guest's socket can already administer the service.
    const std::string admin = "unix:" + runtime_dir_ + "/" + kAdminSocketName;
    grpc::ServerBuilder admin_builder;
    admin_builder.AddListeningPort(admin, grpc::InsecureServerCredentials());
    bound(admin_builder);
    admin_builder.RegisterService(&admin_api_->service());
    admin_queue_.emplace(admin_builder);
    admin_server_ = admin_builder.BuildAndStart();
    if (admin_server_ == nullptr) {
        return make_error(Errc::busy, "cannot listen on " + admin);
    }
    admin_api_->serve(*admin_queue_);
    admin_queue_->run();

    const std::string local = "unix:" + runtime_dir_ + "/" + kServiceSocketName;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(local, grpc::InsecureServerCredentials());
    int port = -1;
    if (!config.address.empty()) {
        MRDA_ASSIGN(const auto credentials, credentials_of(config.address, config.tls));
        builder.AddListeningPort(config.address, credentials, &port);
    }
    bound(builder);
    builder.RegisterService(&sessions_api_->service());
    sessions_queue_.emplace(builder);
    sessions_server_ = builder.BuildAndStart();
    if (sessions_server_ == nullptr || port == 0) {
        return make_error(Errc::busy, "cannot listen on " +
                                          (config.address.empty() ? local : config.address) +
                                          "; is it in use?");
    }
    sessions_api_->serve(*sessions_queue_);
    sessions_queue_->run();
    Log::info("listening", {{"local", local},
                            {"address", config.address.empty() ? "none" : config.address},
                            {"port", std::to_string(port)},
                            {"epoch", std::to_string(epoch_)},
                            {"platform", platform_},
                            {"tls", config.tls.certificate.empty() ? "no" : "mutual"}});
    return {};
}

void Server::heard_machine(DoorbellHolder::Event event, const SharedRegion& device,
                           const std::string& words) {
    using Event = DoorbellHolder::Event;
    if (event == Event::refused) {
        Log::warn("machine refused", {{"vm", device.owner}, {"what", words}});
        return;
    }
    Log::info("machine", {{"vm", device.owner}, {"what", words}});
    if (event == Event::joined) {
        return;
    }
    if (event == Event::lost) {
        vms_->lose(device);
    }
    if (const auto vm = vms_->find(device.owner); vm != nullptr && sessions_) {
        sessions_->machine_left(*vm);
    }
}

void Server::sample_resources() {
    if (const auto sampled = resources_->sample(); !sampled.ok()) {
        Log::warn("resources", {{"error", to_string(sampled.error())}});
    }
    loop_->after(kSampleNs, [this] { sample_resources(); });
}

void Server::see_devices(Result<std::vector<DeviceReading>> readings) {
    if (!readings.ok()) {
        Log::warn("devices", {{"error", to_string(readings.error())}});
        resources_->set_devices({});
        return;
    }
    if (!device_.empty()) {
        std::erase_if(*readings, [this](const DeviceReading& reading) {
            return reading.pci_address != device_;
        });
    }
    resources_->set_devices(std::move(*readings));
}

void Server::heard_signal() {
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) {
        return;
    }
    if (std::exchange(closing_, true)) {
        Log::warn("stopping at once");
        sessions_->stop_all();
        return;
    }
    Log::info("stopping", {{"sessions", std::to_string(sessions_->count())}});
    ::sd_notify(0, "STOPPING=1");
    sessions_server_->GetHealthCheckService()->SetServingStatus(false);
    sessions_->shut_down(drain_ns_, [this] { shut_down(); });
    loop_->after(drain_ns_ + kLastPatienceNs, [this] {
        // The kernel ends what is left with us; waiting for it could take for ever.
        Log::error("a worker does not end", {{"sessions", std::to_string(sessions_->count())}});
        ::_exit(kExitFailed);
    });
}

void Server::shut_down() {
    plugins_->close();
    holder_->end();
    // Calls that are under way end on the loop, so it must run until gRPC is done.
    ending_ = std::thread([this] {
        // Streams that watch a session end by being broken.
        const auto deadline = std::chrono::system_clock::now() + std::chrono::milliseconds(100);
        for (const auto* const server : {&sessions_server_, &admin_server_}) {
            if (*server != nullptr) {
                (*server)->Shutdown(deadline);
            }
        }
        for (auto* const queue : {&sessions_queue_, &admin_queue_}) {
            if (*queue) {
                (*queue)->shut_down();
            }
        }
        loop_->stop();
    });
}

Result<void> Server::run() {
    MRDA_TRY(loop_->watch(signals_.get(), [this] { heard_signal(); }));
    sample_resources();
    if (platform_ == to_string(Platform::gpu)) {
        device_watch_.emplace(
            probe_program_, kDeviceNs, [this](Result<std::vector<DeviceReading>> readings) {
                loop_->post([this, seen = std::move(readings)] { see_devices(seen); });
            });
    }
    sessions_->warm_up();
    plugins_->list(false, [](const auto&) {});
    ::sd_notify(0, "READY=1");
    loop_->run();
    ending_.join();
    // A driver that holds the probe or a spare worker holds this process no longer than that.
    ::signal(SIGALRM, [](int) { ::_exit(kExitFailed); });
    ::alarm(kLastPatienceNs / 1'000'000'000);
    device_watch_.reset();
    plugins_.reset();
    Log::info("stopped");
    return {};
}

}  // namespace mrda::service
