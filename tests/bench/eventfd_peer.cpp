// SPDX-License-Identifier: MIT
// The kernel's own wake-up: two counters, each side blocked in read() on one of them.
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "peer.h"
#include "work.h"

namespace mrda::bench {

namespace {

constexpr int kToServer = kFirstHalfFd;
constexpr int kToClient = kFirstHalfFd + 1;

Result<void> signal(int fd) {
    const std::uint64_t one = 1;
    if (::write(fd, &one, sizeof one) != sizeof one) {
        return os_error("write", errno, "cannot signal an eventfd");
    }
    return {};
}

Result<void> wait(int fd) {
    std::uint64_t count = 0;
    if (::read(fd, &count, sizeof count) != sizeof count) {
        return os_error("read", errno, "cannot wait for an eventfd");
    }
    return {};
}

class EventfdClient final : public Client {
  public:
    Result<void> begin(const Exchange& /*exchange*/) override { return {}; }
    Result<void> prepare(std::uint64_t /*number*/) override { return {}; }
    Result<void> round_trip() override {
        MRDA_TRY(signal(kToServer));
        return wait(kToClient);
    }
    Result<void> finish() override { return {}; }
    Result<void> end() override { return {}; }
};

class EventfdServer final : public Server {
  public:
    Result<void> serve(const Exchange& exchange) override {
        for (std::uint64_t i = 0; i < total_round_trips(exchange); ++i) {
            MRDA_TRY(wait(kToServer));
            work_for(exchange.work_ns);
            MRDA_TRY(signal(kToClient));
        }
        return {};
    }
};

Result<Contestant> start(const Peer& peer, const Ground& ground) {
    const Fd to_server(::eventfd(0, EFD_CLOEXEC));
    const Fd to_client(::eventfd(0, EFD_CLOEXEC));
    if (!to_server || !to_client) {
        return os_error("eventfd", errno, "cannot make an eventfd");
    }
    return start_pair(peer, ground, "", {to_server.get(), to_client.get()});
}

Result<std::unique_ptr<Client>> client(const std::string& /*meeting*/) {
    return std::unique_ptr<Client>(std::make_unique<EventfdClient>());
}

Result<std::unique_ptr<Server>> server(const std::string& /*meeting*/) {
    return std::unique_ptr<Server>(std::make_unique<EventfdServer>());
}

}  // namespace

const Peer kEventfd{.name = "eventfd", .start = start, .client = client, .server = server};

}  // namespace mrda::bench
