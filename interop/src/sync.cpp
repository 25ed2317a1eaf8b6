// SPDX-License-Identifier: MIT
#include "mrda/interop/sync.h"

#include <poll.h>

#include <cerrno>
#include <chrono>

namespace mrda {

namespace {

Result<void> wait_readable(int fd, std::uint64_t timeout_ns) {
    using Clock = std::chrono::steady_clock;
    // A deadline, not a duration: a signal must not lengthen the wait. Beyond a century is for
    // ever.
    constexpr std::uint64_t kCentury = 3'155'760'000'000'000'000;
    const bool bounded = timeout_ns < kCentury;
    const auto deadline = Clock::now() + std::chrono::nanoseconds(
                                             bounded ? static_cast<std::int64_t>(timeout_ns) : 0);
    for (;;) {
        timespec left{};
        if (bounded) {
            const auto rest = std::max(deadline - Clock::now(), Clock::duration::zero());
            const auto seconds = std::chrono::floor<std::chrono::seconds>(rest);
            left.tv_sec = seconds.count();
            left.tv_nsec = std::chrono::nanoseconds(rest - seconds).count();
        }
        pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
        const int ready = ::ppoll(&waited, 1, bounded ? &left : nullptr, nullptr);
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready < 0) {
            return os_error("ppoll", errno, "cannot wait for sync_file fd " + std::to_string(fd));
        }
        if (ready == 0) {
            return make_error(Errc::timeout, "sync_file fd " + std::to_string(fd) +
                                                 " did not signal within " +
                                                 std::to_string(timeout_ns / 1'000'000) + " ms");
        }
        if ((waited.revents & POLLNVAL) != 0) {
            return make_error(Errc::invalid_argument, "fd " + std::to_string(fd) + " is not open");
        }
        return {};
    }
}

}  // namespace

Sync Sync::sync_file(Fd fd) {
    Sync sync(Kind::sync_file, nullptr, 0, nullptr);
    sync.fd_ = std::move(fd);
    return sync;
}

std::string_view Sync::name() const {
    switch (kind_) {
        case Kind::idle:
            return "idle";
        case Kind::sync_file:
            return "sync_file";
        case Kind::surface:
            return "surface";
        case Kind::event:
            return "event";
    }
    return "unknown";
}

Result<void> Sync::wait(std::uint64_t timeout_ns) const {
    switch (kind_) {
        case Kind::idle:
            return {};
        case Kind::sync_file:
            return wait_readable(fd_.get(), timeout_ns);
        case Kind::surface:
        case Kind::event:
            return wait_(object_, id_, timeout_ns);
    }
    return make_error(Errc::internal, "a Sync of no known kind");
}

}  // namespace mrda
