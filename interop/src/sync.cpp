// SPDX-License-Identifier: MIT
#include "mrda/interop/sync.h"

#include <linux/sync_file.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace mrda {

namespace {

Result<sync_file_info> info_of(int fd) {
    sync_file_info info{};
    if (::ioctl(fd, SYNC_IOC_FILE_INFO, &info) != 0) {
        const int problem = errno;
        Error error = os_error("ioctl(SYNC_IOC_FILE_INFO)", problem,
                               "fd " + std::to_string(fd) +
                                   (problem == EBADF ? " is not open (moved from?)"
                                                     : " is no sync_file, so nobody knows when "
                                                       "it would signal"));
        error.code = Errc::invalid_argument;
        return error;
    }
    return info;
}

/// A fence signals when the device is done, and also when it failed or was reset.
Result<void> check_status(int fd) {
    MRDA_ASSIGN(const sync_file_info info, info_of(fd));
    // linux/sync_file.h: a status below 0 is the errno of the fence that failed.
    if (info.status < 0) {
        Error error = os_error("ioctl(SYNC_IOC_FILE_INFO)", -info.status,
                               "the work behind sync_file fd " + std::to_string(fd) + " failed");
        error.code = Errc::device_lost;
        return error;
    }
    return {};
}

Result<void> wait_readable(int fd, std::uint64_t timeout_ns) {
    using Clock = std::chrono::steady_clock;
    // Pipes, events and DMA-BUFs can be polled too, and mean other things by it.
    MRDA_TRY(info_of(fd));
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
        // sync_file.c: a fence that signals, be it by an error, makes its file readable.
        if ((waited.revents & POLLIN) == 0) {
            return make_error(Errc::invalid_argument, "sync_file fd " + std::to_string(fd) +
                                                          " ended without a signal (poll events " +
                                                          std::to_string(waited.revents) +
                                                          "); keep it open until the wait ends");
        }
        return check_status(fd);
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
