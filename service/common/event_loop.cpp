// SPDX-License-Identifier: MIT
#include "event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "mrda/ivshmem/wakeup.h"

namespace mrda::service {

namespace {

using ivshmem::now_ns;

constexpr std::uint64_t kNsPerMs = 1'000'000;

Result<void> add(int epoll, int fd, EventLoop::Id id) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = id;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        return os_error("epoll_ctl", errno, "cannot watch a descriptor");
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::create() {
    Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll || !wake) {
        return os_error("epoll_create1", errno, "cannot make an event loop");
    }
    MRDA_TRY(add(epoll.get(), wake.get(), 0));
    return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(wake)));
}

EventLoop::EventLoop(Fd epoll, Fd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}

void EventLoop::run() {
    while (!stop_) {
        turn(-1);
    }
    run_posted();
}

void EventLoop::turn(int wait_ms) {
    std::array<epoll_event, 64> events{};
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   timeout_ms(wait_ms));
    for (int i = 0; i < count; ++i) {
        const Id id = events[static_cast<std::size_t>(i)].data.u64;
        if (id == 0) {
            std::uint64_t ignored = 0;
            static_cast<void>(::read(wake_.get(), &ignored, sizeof ignored));
            continue;
        }
        // An earlier one of these events may have forgotten it; and it may forget itself.
        const auto found = watches_.find(id);
        if (found != watches_.end()) {
            const std::shared_ptr<Task> ready = found->second.ready;
            (*ready)();
        }
    }
    run_posted();
    run_timers();
}

void EventLoop::stop() {
    stop_ = true;
    post([] {});
}

void EventLoop::post(Task task) {
    {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(task));
    }
    const std::uint64_t one = 1;
    static_cast<void>(::write(wake_.get(), &one, sizeof one));
}

void EventLoop::run_posted() {
    std::vector<Task> tasks;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(posted_);
    }
    for (const Task& task : tasks) {
        task();
    }
}

void EventLoop::run_timers() {
    const std::uint64_t now = now_ns();
    while (!timers_.empty() && timers_.begin()->first.first <= now) {
        auto first = timers_.extract(timers_.begin());
        due_.erase(first.key().second);
        first.mapped()();
    }
}

int EventLoop::timeout_ms(int most_ms) const {
    if (timers_.empty()) {
        return most_ms;
    }
    const std::uint64_t now = now_ns();
    const std::uint64_t due = timers_.begin()->first.first;
    const std::uint64_t wait_ms = due <= now ? 0 : (due - now + kNsPerMs - 1) / kNsPerMs;
    const int most = most_ms < 0 ? std::numeric_limits<int>::max() : most_ms;
    return static_cast<int>(std::min<std::uint64_t>(wait_ms, static_cast<std::uint64_t>(most)));
}

Result<EventLoop::Id> EventLoop::watch(int fd, Task ready) {
    const Id id = next_id_++;
    MRDA_TRY(add(epoll_.get(), fd, id));
    watches_.emplace(id, Watch{fd, std::make_shared<Task>(std::move(ready))});
    return id;
}

void EventLoop::forget(Id watch) {
    const auto found = watches_.find(watch);
    if (found != watches_.end()) {
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.fd, nullptr);
        watches_.erase(found);
    }
}

EventLoop::Id EventLoop::after(std::uint64_t delay_ns, Task due) {
    const Id id = next_id_++;
    const std::uint64_t at = now_ns() + delay_ns;
    timers_.emplace(std::pair(at, id), std::move(due));
    due_.emplace(id, at);
    return id;
}

void EventLoop::cancel(Id timer) {
    const auto found = due_.find(timer);
    if (found != due_.end()) {
        timers_.erase({found->second, timer});
        due_.erase(found);
    }
}

}  // namespace mrda::service
