// SPDX-License-Identifier: MIT
#include <time.h>

#include <array>
#include <memory>

#include "mrda/interop/exit_code.h"
#include "mrda/ivshmem/wakeup.h"
#include "peer.h"

namespace mrda::bench {

namespace {

constexpr std::array<const Peer*, 5> kPeers{&kMrda, &kChannel, &kEventfd, &kIceoryx, &kGrpc};

void pause_for(std::uint64_t pause_ns) {
    constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
    timespec pause{};
    pause.tv_sec = static_cast<time_t>(pause_ns / kNsPerSecond);
    pause.tv_nsec = static_cast<long>(pause_ns % kNsPerSecond);
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
}

/// The one loop that times all peers.
Result<TimesNs> measure(Client& client, const Exchange& exchange) {
    TimesNs times;
    times.reserve(exchange.round_trips);
    MRDA_TRY(client.begin(exchange));
    for (std::uint64_t i = 0; i < std::uint64_t{exchange.warm_up} + exchange.round_trips; ++i) {
        if (exchange.pause_ns > 0) {
            pause_for(exchange.pause_ns);
        }
        MRDA_TRY(client.prepare(i));
        const std::uint64_t begin = ivshmem::now_ns();
        MRDA_TRY(client.round_trip());
        const std::uint64_t took = ivshmem::now_ns() - begin;
        MRDA_TRY(client.finish());
        if (i >= exchange.warm_up) {
            times.push_back(took - exchange.work_ns);
        }
    }
    MRDA_TRY(client.end());
    return times;
}

Result<TimesNs> serve(Server& server, const Exchange& exchange) {
    MRDA_TRY(server.serve(exchange));
    return TimesNs{};
}

/// Does exchanges until the parent wants no more.
template <typename MakeHalf, typename Run>
Result<void> obey(Control& control, MakeHalf make_half, Run run, const std::string& meeting) {
    auto half = make_half(meeting);
    if (!half.ok()) {
        return control.reply(std::move(half).error());
    }
    MRDA_TRY(control.reply(TimesNs{}));
    for (;;) {
        MRDA_ASSIGN(const auto exchange, control.next_exchange());
        if (!exchange) {
            return {};
        }
        MRDA_TRY(control.reply(run(**half, *exchange)));
    }
}

}  // namespace

int run_half(const std::string& name, const std::string& meeting) {
    using enum Half::Which;
    Control control{Fd(kFirstPassedFd)};
    for (const Peer* peer : kPeers) {
        if (name == half_name(*peer, client) && peer->client != nullptr) {
            return obey(control, peer->client, measure, meeting).ok() ? 0 : kExitFailed;
        }
        if (name == half_name(*peer, server) && peer->server != nullptr) {
            return obey(control, peer->server, serve, meeting).ok() ? 0 : kExitFailed;
        }
    }
    return kExitUsage;
}

}  // namespace mrda::bench
