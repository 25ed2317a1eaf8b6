// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "event_loop.h"

namespace mrda::service {

/// What a worker, its codec and its drivers print becomes lines of the log: so many, so long, and
/// with nothing in them that could pass for a line of the service's own. For the loop's thread.
class WorkerOutput {
  public:
    /// Watches the pipe's end until this goes. Errors: as EventLoop::watch().
    static Result<std::unique_ptr<WorkerOutput>> create(EventLoop& loop, Fd pipe, pid_t worker);
    /// Logs what is left to read.
    ~WorkerOutput();
    WorkerOutput(const WorkerOutput&) = delete;
    WorkerOutput& operator=(const WorkerOutput&) = delete;

  private:
    WorkerOutput(EventLoop& loop, Fd pipe, pid_t worker)
        : loop_(loop), pipe_(std::move(pipe)), worker_(worker) {}
    /// False: nothing is there.
    bool read();
    void take(std::string_view text);
    void log_line();

    EventLoop& loop_;
    Fd pipe_;
    pid_t worker_;
    EventLoop::Id watch_ = 0;
    std::string line_;
    std::uint64_t lines_ = 0;
};

}  // namespace mrda::service
