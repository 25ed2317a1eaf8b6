// SPDX-License-Identifier: MIT
#include "contestant.h"

#include <utility>

#include "peer.h"

namespace mrda::bench {

namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint64_t kStartTimeoutNs = 20 * kNsPerSecond;
/// The longest exchange takes two seconds on an idle machine.
constexpr std::uint64_t kAnswerTimeoutNs = 60 * kNsPerSecond;
constexpr std::uint64_t kLeaveTimeoutNs = 3 * kNsPerSecond;

}  // namespace

std::string half_name(const Peer& peer, Half::Which which) {
    return std::string(peer.name) + (which == Half::Which::client ? "-client" : "-server");
}

Result<Half> Half::start(const Peer& peer, Which which, const Ground& ground,
                         const std::string& meeting, const std::vector<int>& passed) {
    const std::string name = half_name(peer, which);
    MRDA_ASSIGN(auto control, Control::make());
    std::vector<int> all{control.second.get()};
    all.insert(all.end(), passed.begin(), passed.end());
    MRDA_ASSIGN(
        Process process,
        Process::start({.command = {"/proc/self/exe", "--half", name, "--meeting", meeting},
                        .log_file = ground.folder.path() + "/" + name + ".log",
                        .passed = all,
                        .environment = {},
                        .core = which == Which::client ? ground.client_core : ground.server_core}));
    control.second.reset();
    Half half(std::move(process), std::move(control.first));
    auto ready = half.control_.answer(kStartTimeoutNs);
    if (!ready.ok()) {
        Error error = std::move(ready).error();
        error.message = name + ": " + error.message + "; " + half.process_.last_words();
        return error;
    }
    return half;
}

Half::~Half() {
    control_.close();
    static_cast<void>(process_.ended_within(kLeaveTimeoutNs));
}

Result<TimesNs> Half::answer() {
    auto times = control_.answer(kAnswerTimeoutNs);
    if (!times.ok()) {
        Error error = std::move(times).error();
        error.message += "; " + process_.last_words();
        return error;
    }
    return times;
}

Result<TimesNs> Contestant::run(const Exchange& exchange) {
    auto times = run_halves(exchange);
    if (!times.ok()) {
        Error error = std::move(times).error();
        for (const Process& helper : helpers_) {
            error.message += "; " + helper.last_words();
        }
        return error;
    }
    return times;
}

Result<TimesNs> Contestant::run_halves(const Exchange& exchange) {
    if (server_) {
        MRDA_TRY(server_->ask(exchange));
    }
    MRDA_TRY(client_.ask(exchange));
    MRDA_ASSIGN(TimesNs times, client_.answer());
    if (server_) {
        MRDA_TRY(server_->answer());
    }
    return times;
}

Result<Contestant> start_pair(const Peer& peer, const Ground& ground, const std::string& meeting,
                              const std::vector<int>& passed) {
    MRDA_ASSIGN(Half server, Half::start(peer, Half::Which::server, ground, meeting, passed));
    MRDA_ASSIGN(Half client, Half::start(peer, Half::Which::client, ground, meeting, passed));
    return Contestant({}, std::move(server), std::move(client));
}

}  // namespace mrda::bench
