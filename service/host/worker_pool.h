// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "event_loop.h"
#include "worker_output.h"
#include "worker_process.h"
#include "worker_protocol.h"

namespace mrda::service {

/// A worker that waits for its job.
struct StartedWorker {
    std::unique_ptr<WorkerOutput> output;
    WorkerProcess process;
    Fd control;
};

/// Starts workers: one for each session, and where that is wished one ahead, with its drivers
/// loaded, so that a session need not wait for them. For the loop's thread.
class WorkerPool {
  public:
    /// What the next session will probably need; nothing: no spare now.
    using Foresight = std::function<std::optional<WorkerPreparation>()>;

    WorkerPool(EventLoop& loop, std::string worker_program, Foresight foresight);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// The spare, if it was prepared so, else a new one. In a while a spare is there again.
    /// Errors: as WorkerProcess::start().
    Result<StartedWorker> take(const WorkerPreparation& preparation);
    /// Has a spare begin, unless there is one that is prepared as foreseen.
    void prepare();
    /// No spare any more.
    void close();

    /// -1: there is none.
    [[nodiscard]] pid_t spare_pid() const { return spare_ ? spare_->process.pid() : -1; }

  private:
    Result<StartedWorker> start();
    /// Kills it and lets it be reaped in its own time: a driver may hold it for long.
    void drop_spare();
    void reap(pid_t pid);

    EventLoop& loop_;
    std::string worker_program_;
    Foresight foresight_;
    std::optional<StartedWorker> spare_;
    WorkerPreparation preparation_;  ///< Of the spare.
    std::map<pid_t, WorkerProcess> ending_;
    std::map<pid_t, EventLoop::Id> watches_;  ///< Of the spare, and of those that end.
    EventLoop::Id timer_ = 0;
};

}  // namespace mrda::service
