// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/wakeup.h"

#include <sys/eventfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "mrda/ivshmem/wire_format.h"

namespace mrda::ivshmem {

namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::array<std::string_view, 4> kNames{"futex", "doorbell", "stream", "polling"};

}  // namespace

std::string_view to_string(WakeBy by) {
    return kNames.at(static_cast<std::size_t>(by));
}

std::optional<WakeBy> parse_wake_by(std::string_view text) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == text) {
            return static_cast<WakeBy>(i);
        }
    }
    return std::nullopt;
}

std::uint64_t feature_of(WakeBy by) {
    constexpr std::array kBits{kFeatureFutex, kFeatureDoorbell, kFeatureStream, kFeaturePolling};
    return kBits.at(static_cast<std::size_t>(by));
}

Result<Fd> make_event() {
    Fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event) {
        return os_error("eventfd", errno, "cannot make an event");
    }
    return event;
}

void signal_event(int event) {
    const std::uint64_t one = 1;
    // Full, it has been told often enough.
    static_cast<void>(::write(event, &one, sizeof one) == sizeof one);
}

void clear_event(int event) {
    std::uint64_t count = 0;
    const iovec into{&count, sizeof count};
    // Who had it may have made it block, for every holder at once; this call does not in any case.
    static_cast<void>(::preadv2(event, &into, 1, -1, RWF_NOWAIT));
}

std::uint64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * kNsPerSecond +
           static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace mrda::ivshmem
