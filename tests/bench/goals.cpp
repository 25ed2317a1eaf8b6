// SPDX-License-Identifier: MIT
#include "goals.h"

#include <array>

#include "mrda/interop/pixel_format.h"
#include "peer.h"

namespace mrda::bench {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;

struct Frame {
    const char* name;
    const char* format;
    std::uint32_t width_px;
    std::uint32_t height_px;
    std::uint64_t size_bytes;
};
constexpr std::array<Frame, 4> kFrames{{{"1k", "BGRA", 16, 16, 1'024},
                                        {"64k", "BGRA", 128, 128, 65'536},
                                        {"1M", "BGRA", 512, 512, 1'048'576},
                                        {"12M", "BGRA", 2048, 1536, 12'582'912}}};
constexpr std::size_t kSmall = 1;
constexpr std::size_t kLarge = 3;
constexpr Frame k1080p{"1080p", "NV12", 1920, 1080, 3'110'400};
constexpr Frame k4K{"4K", "NV12", 3840, 2160, 12'441'600};

Exchange exchange_of(const Frame& frame) {
    Exchange exchange;
    exchange.payload_bytes = frame.size_bytes;
    exchange.drm_fourcc = find_pixel_format(frame.format).value()->drm_fourcc;
    exchange.width_px = frame.width_px;
    exchange.height_px = frame.height_px;
    return exchange;
}

/// A frame that lies in its slot goes from guest to worker, and its packet comes back. Each side
/// has a processor of its own: where it runs must not depend on what else the machine does.
Group busy_hand_offs() {
    Group group{&kMrda, &kIceoryx, Core::first, Core::second, {}};
    for (const Frame& frame : kFrames) {
        Exchange busy = exchange_of(frame);
        busy.polling = 1;
        busy.warm_up = 2'000;
        busy.round_trips = 20'000;
        group.bouts.push_back({busy,
                               {{std::string("busy.p50.") + frame.name, Figure::p50, 0.5},
                                {std::string("busy.p99.") + frame.name, Figure::p99, 1.0}}});
    }
    group.bouts[kLarge].goals.push_back({"busy.any-size", Figure::p50, 1.2, kSmall});
    return group;
}

/// The same, so seldom that everybody sleeps in between.
Group sleeping_hand_offs() {
    Group group{&kMrda, &kIceoryx, Core::first, Core::second, {}};
    for (const Frame& frame : kFrames) {
        Exchange sleeping = exchange_of(frame);
        sleeping.warm_up = 10;
        sleeping.round_trips = 200;
        sleeping.pause_ns = 2 * kNsPerMs;
        group.bouts.push_back(
            {sleeping, {{std::string("sleeping.p50.") + frame.name, Figure::p50, 0.8}}});
    }
    return group;
}

/// Rings and wake-ups alone. Each with processes of its own, because a wait learns from the ones
/// before it.
Group adaptive(const std::string& name, const Exchange& exchange, Core server_core, double most) {
    return {
        &kChannel, &kEventfd, Core::first, server_core, {{exchange, {{name, Figure::p50, most}}}}};
}

std::vector<Group> adaptive_waits() {
    Exchange at_once;
    at_once.warm_up = 5'000;
    at_once.round_trips = 20'000;
    Exchange after_work;
    after_work.warm_up = 20;
    after_work.round_trips = 120;
    after_work.work_ns = 3 * kNsPerMs;
    return {adaptive("adaptive.at-once", at_once, Core::second, 0.15),
            adaptive("adaptive.after-work", after_work, Core::second, 0.85),
            adaptive("adaptive.one-core", at_once, Core::first, 1.15)};
}

/// Against frames that travel in messages, one behind the other. On any processor: gRPC has threads
/// of its own.
Group streams() {
    Group group{&kMrda, &kGrpc, Core::any, Core::any, {}};
    for (const auto& [frame, most] : {std::pair(k1080p, 1.0 / 50), std::pair(k4K, 1.0 / 200)}) {
        Exchange exchange = exchange_of(frame);
        exchange.warm_up = 5;
        exchange.round_trips = 60;
        group.bouts.push_back(
            {exchange, {{std::string("stream.") + frame.name, Figure::p50, most}}});
        exchange.filled = 1;
        group.bouts.push_back(
            {exchange, {{std::string("stream.filled.") + frame.name, Figure::p50, 1.0 / 4}}});
    }
    return group;
}

}  // namespace

std::vector<Group> all_groups() {
    std::vector<Group> groups = adaptive_waits();
    groups.insert(groups.begin(), {busy_hand_offs(), sleeping_hand_offs()});
    groups.push_back(streams());
    return groups;
}

}  // namespace mrda::bench
