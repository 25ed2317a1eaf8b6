// SPDX-License-Identifier: MIT
// Ours, whole: the guest library, mrda-service, and a worker process with the codec "copy".
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "mrda/guest/guest.h"
#include "peer.h"
#include "runtime_dir.h"

namespace mrda::bench {

namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint32_t kSlots = 4;

Error guest_error(mrda_guest_status status, const std::string& call, const std::string& words) {
    return make_error(Errc::io, call + " gave " + std::to_string(status) + ": " + words);
}

class GuestClient final : public Client {
  public:
    explicit GuestClient(std::string runtime_dir) : runtime_dir_(std::move(runtime_dir)) {}
    ~GuestClient() override { mrda_guest_destroy(session_); }
    GuestClient(const GuestClient&) = delete;
    GuestClient& operator=(const GuestClient&) = delete;

    Result<void> begin(const Exchange& exchange) override;
    Result<void> prepare(std::uint64_t number) override;
    Result<void> round_trip() override;
    Result<void> finish() override;
    Result<void> end() override {
        mrda_guest_destroy(std::exchange(session_, nullptr));
        return {};
    }

  private:
    Result<void> touch_slots();
    [[nodiscard]] Error failed(mrda_guest_status status, const char* call) const {
        return guest_error(status, call, mrda_guest_last_error(session_));
    }

    std::string runtime_dir_;
    mrda_guest_session* session_ = nullptr;
    bool filled_ = false;
    std::uint64_t wait_ns_ = 0;
    std::vector<std::uint8_t> frame_;
    mrda_guest_buffer buffer_{};
    mrda_guest_packet packet_{};
    std::uint64_t number_ = 0;
};

Result<void> GuestClient::begin(const Exchange& exchange) {
    mrda_guest_config config;
    mrda_guest_config_init(&config);
    const std::string address = "unix:" + runtime_dir_ + "/" + kServiceSocketName;
    const std::string token_file = runtime_dir_ + "/" + kDefaultTokenName;
    config.codec = MRDA_GUEST_COPY;
    config.address = address.c_str();
    config.token_file = token_file.c_str();
    config.drm_fourcc = exchange.drm_fourcc;
    config.width_px = exchange.width_px;
    config.height_px = exchange.height_px;
    config.fps_num = 1;
    config.input_slots = kSlots;
    config.output_slots = kSlots;
    char message[512];
    const auto created = mrda_guest_create(&config, &session_, message, sizeof message);
    if (created != MRDA_GUEST_OK) {
        return guest_error(created, "mrda_guest_create", message);
    }
    filled_ = exchange.filled != 0;
    wait_ns_ = exchange.polling != 0 ? 0 : 10 * kNsPerSecond;
    frame_.assign(exchange.payload_bytes, 1);
    return touch_slots();
}

/// So that no page of them is new when it counts.
Result<void> GuestClient::touch_slots() {
    std::vector<mrda_guest_buffer> all(kSlots);
    for (mrda_guest_buffer& buffer : all) {
        if (const auto got = mrda_guest_get_buffer(session_, &buffer, 0); got != MRDA_GUEST_OK) {
            return failed(got, "mrda_guest_get_buffer");
        }
        if (buffer.size_bytes < frame_.size()) {
            return make_error(Errc::internal, "a slot is smaller than the frame");
        }
        std::memcpy(buffer.planes[0], frame_.data(), frame_.size());
    }
    for (const mrda_guest_buffer& buffer : all) {
        static_cast<void>(mrda_guest_return_buffer(session_, &buffer));
    }
    return {};
}

Result<void> GuestClient::prepare(std::uint64_t number) {
    number_ = number;
    const auto got = mrda_guest_get_buffer(session_, &buffer_, kNsPerSecond);
    if (got != MRDA_GUEST_OK) {
        return failed(got, "mrda_guest_get_buffer");
    }
    std::memcpy(filled_ ? frame_.data() : buffer_.planes[0], &number_, sizeof number_);
    return {};
}

Result<void> GuestClient::round_trip() {
    if (filled_) {
        std::memcpy(buffer_.planes[0], frame_.data(), frame_.size());
    }
    const auto pts = static_cast<std::int64_t>(number_);
    if (const auto sent = mrda_guest_send_frame(session_, &buffer_, pts, 0);
        sent != MRDA_GUEST_OK) {
        return failed(sent, "mrda_guest_send_frame");
    }
    mrda_guest_status got;
    do {
        got = mrda_guest_receive(session_, &packet_, wait_ns_);
    } while (got == MRDA_GUEST_TRY_AGAIN && wait_ns_ == 0);
    return got == MRDA_GUEST_OK ? Result<void>() : failed(got, "mrda_guest_receive");
}

Result<void> GuestClient::finish() {
    Token token;
    if (packet_.size_bytes != sizeof token) {
        return make_error(Errc::corrupt, "the copy codec sent no token");
    }
    std::memcpy(&token, packet_.data, sizeof token);
    if (token.number != number_ || token.first_bytes != number_) {
        return make_error(Errc::corrupt, "the worker saw another frame than was sent");
    }
    const auto released = mrda_guest_release(session_, &packet_);
    return released == MRDA_GUEST_OK ? Result<void>() : failed(released, "mrda_guest_release");
}

/// The end on which the service says that it is ready.
Result<Fd> listen_for_ready(const std::string& path) {
    Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return make_error(Errc::invalid_argument, path + " is too long for a socket");
    }
    std::copy(path.begin(), path.end(), address.sun_path);
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    if (!socket ||
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) {
        return os_error("bind", errno, "cannot make " + path);
    }
    return socket;
}

Result<void> write_config(const std::string& path, const std::string& folder) {
    std::ofstream file(path);
    file << "platform = \"software\"\n"
         << "runtime_dir = \"" << folder << "/run\"\n"
         << "lease_ms = 60000\n"
         << "state_dir = \"" << folder << "/state\"\n"
         << "[limits]\n"
         << "max_pixels_per_second = 100000000000\n"
         << "cpu_load = 1.0\n"
         << "[[vm]]\n"
         << "name = \"bench\"\n"
         << "memory_bytes = 1073741824\n"
         << "max_sessions = 8\n"
         << "max_creates_per_second = 1000\n"
         << "max_pixels_per_second = 100000000000\n";
    return file.flush() ? Result<void>() : make_error(Errc::io, "cannot write " + path);
}

Result<Process> start_service(const Ground& ground) {
    std::error_code failed;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
    const std::string config = ground.folder.path() + "/mrda.toml";
    const std::string ready = ground.folder.path() + "/ready.sock";
    MRDA_TRY(write_config(config, ground.folder.path()));
    MRDA_ASSIGN(const Fd socket, listen_for_ready(ready));
    MRDA_ASSIGN(Process service,
                Process::start({.command = {(self.parent_path() / "mrda-service").string(),
                                            "--config", config},
                                .log_file = ground.folder.path() + "/mrda-service.log",
                                .passed = {},
                                .environment = {{"NOTIFY_SOCKET", ready}},
                                .core = ground.server_core}));
    char said[64];
    if (::recv(socket.get(), said, sizeof said, 0) < 0) {
        return make_error(Errc::timeout,
                          "mrda-service does not get ready; " + service.last_words());
    }
    return service;
}

Result<Contestant> start(const Peer& peer, const Ground& ground) {
    std::vector<Process> helpers;
    MRDA_ASSIGN(Process service, start_service(ground));
    helpers.push_back(std::move(service));
    MRDA_ASSIGN(Half client,
                Half::start(peer, Half::Which::client, ground, ground.folder.path() + "/run"));
    return Contestant(std::move(helpers), std::nullopt, std::move(client));
}

Result<std::unique_ptr<Client>> client(const std::string& meeting) {
    return std::unique_ptr<Client>(std::make_unique<GuestClient>(meeting));
}

}  // namespace

const Peer kMrda{.name = "mrda", .start = start, .client = client, .server = nullptr};

}  // namespace mrda::bench
