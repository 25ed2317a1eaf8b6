// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// The one thread on which sessions, VMs and regions live, so that none of them needs a lock.
/// Whoever is on another thread posts a task. Tasks must not wait.
class EventLoop {
  public:
    using Task = std::function<void()>;
    using Id = std::uint64_t;

    static Result<std::unique_ptr<EventLoop>> create();

    /// Runs until stop(). Also runs what was posted before.
    void run();
    /// One turn of run(): waits for something to do, at most `wait_ms` (-1: without end).
    void turn(int wait_ms);
    /// Any thread.
    void stop();
    void post(Task task);

    /// The rest is for the loop's thread, or before run().
    /// Calls `ready` whenever `fd`, which is borrowed until forget(), can be read or has hung up.
    Result<Id> watch(int fd, Task ready);
    void forget(Id watch);
    /// Calls `due` once, `delay_ns` from now.
    Id after(std::uint64_t delay_ns, Task due);
    void cancel(Id timer);

  private:
    EventLoop(Fd epoll, Fd wake);
    void run_posted();
    void run_timers();
    [[nodiscard]] int timeout_ms(int most_ms) const;

    Fd epoll_;
    Fd wake_;
    std::atomic<bool> stop_ = false;
    std::mutex mutex_;
    std::vector<Task> posted_;  // Under mutex_.
    Id next_id_ = 1;            // 0 is wake_.
    struct Watch {
        int fd;
        std::shared_ptr<Task> ready;
    };
    std::unordered_map<Id, Watch> watches_;
    std::map<std::pair<std::uint64_t, Id>, Task> timers_;  // By time, then by age.
    std::unordered_map<Id, std::uint64_t> due_;
};

}  // namespace mrda::service
