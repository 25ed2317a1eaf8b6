// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "event.h"
#include "fence.h"

namespace mrda::ze_soft {

/// One recorded command: wait for events, act, signal an event.
struct Command {
    std::vector<std::shared_ptr<Event>> wait_for;
    std::function<void()> act;  // empty for a command that only waits or signals
    std::shared_ptr<Event> signal;
};
using Commands = std::vector<Command>;

/// What runs as one: lists of commands, in order, and a fence to set after them.
struct Submission {
    std::vector<std::shared_ptr<const Commands>> lists;
    std::shared_ptr<Fence> fence;
};

/// A thread that runs submissions one after the other. Destroying it runs what is still queued, up
/// to the first command that waits for an event that nobody has signalled: that and the rest are
/// dropped. Thread-safe.
class Worker {
  public:
    Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() = default;

    void submit(Submission submission);
    /// Whether all that was submitted before this call is done before the timeout (0: now).
    [[nodiscard]] bool wait(uint64_t timeout_ns, const std::stop_token& stop);

  private:
    void run(const std::stop_token& stop);

    std::mutex mutex_;
    std::condition_variable_any work_;
    std::condition_variable_any done_;
    std::deque<Submission> queued_;
    uint64_t submitted_ = 0;
    uint64_t completed_ = 0;
    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace mrda::ze_soft
