// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "event_loop.h"
#include "worker_process.h"
#include "worker_protocol.h"

namespace mrda::service {

/// A worker that waits for its job.
struct StartedWorker {
    WorkerProcess process;
    Fd control;
};

/// Starts workers: one for each session, and where that is wished one ahead, with its drivers
/// loaded, so that a session need not wait for them. For the loop's thread.
class WorkerPool {
  public:
    WorkerPool(EventLoop& loop, std::string worker_program, bool keeps_spare);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// The spare, if it was prepared so, else a new one. Another spare follows in a while.
    /// Errors: as WorkerProcess::start().
    Result<StartedWorker> take(const WorkerPreparation& preparation);
    /// Has a spare begin, unless there is one that is prepared so, or none is wished.
    void prepare(const WorkerPreparation& preparation);
    /// No spare any more.
    void close();

    /// -1: there is none.
    [[nodiscard]] pid_t spare_pid() const { return spare_ ? spare_->process.pid() : -1; }

  private:
    Result<StartedWorker> start();
    void drop_spare();
    void prepare_later(const WorkerPreparation& preparation);

    EventLoop& loop_;
    std::string worker_program_;
    bool keeps_spare_;
    std::optional<StartedWorker> spare_;
    WorkerPreparation preparation_;  ///< Of the spare.
    EventLoop::Id watch_ = 0;
    EventLoop::Id timer_ = 0;
};

}  // namespace mrda::service
