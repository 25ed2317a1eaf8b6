// SPDX-License-Identifier: MIT
#include "removal_watch.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "os.h"

namespace mrda::guest::core {

namespace {

/// A look is a walk through sysfs for each device: too dear for every frame's calls.
constexpr std::uint64_t kPauseNs = 1'000'000;

/// Of which device a message tells does not matter. vfio's event is no socket, and stays.
void drain(int fd) {
    std::array<char, 4096> message{};
    // ENOBUFS: some were lost, and others may be there.
    while (::recv(fd, message.data(), message.size(), MSG_DONTWAIT) >= 0 || errno == ENOBUFS) {
    }
}

}  // namespace

Result<std::shared_ptr<RemovalWatch>> RemovalWatch::make(
    std::vector<std::shared_ptr<ivshmem::PciDevice>> devices) {
    std::shared_ptr<RemovalWatch> made(new RemovalWatch());
    made->devices_ = std::move(devices);
    made->events_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
    if (!made->events_) {
        return os_error("epoll_create1", errno, "cannot hear of devices that go");
    }
    for (const auto& device : made->devices_) {
        MRDA_ASSIGN(Fd told, device->removal_events());
        epoll_event wanted{};
        wanted.events = EPOLLIN;
        if (::epoll_ctl(made->events_.get(), EPOLL_CTL_ADD, told.get(), &wanted) != 0) {
            return os_error("epoll_ctl", errno, "cannot hear of devices that go");
        }
        made->told_.push_back(std::move(told));
    }
    return made;
}

bool RemovalWatch::seen() {
    for (const Fd& told : told_) {
        drain(told.get());
    }
    return look();
}

bool RemovalWatch::all_there() {
    return os::now_ns() - looked_ns_ < kPauseNs ? !gone_ : look();
}

bool RemovalWatch::look() {
    looked_ns_ = os::now_ns();
    gone_ = gone_ || !std::all_of(devices_.begin(), devices_.end(),
                                  [](const auto& device) { return device->is_there(); });
    return !gone_;
}

}  // namespace mrda::guest::core
