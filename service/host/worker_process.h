// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// A worker that was started. Killed, and reaped, when this goes. For the loop's thread: the worker
/// dies with the thread that started it (prctl(2): PR_SET_PDEATHSIG).
class WorkerProcess {
  public:
    struct Exit {
        int code = -1;   ///< -1: a signal ended it.
        int signal = 0;  ///< 0: it exited.
    };

    /// Starts `program` with an empty environment but PATH, cwd /, and no descriptors but the
    /// control socket and, as its standard output and error, `output`, which are borrowed.
    /// Errors: not_found, permission_denied, out_of_memory, exhausted.
    static Result<WorkerProcess> start(const std::string& program, int control, int output);

    WorkerProcess(WorkerProcess&&) = default;
    WorkerProcess& operator=(WorkerProcess&&) = delete;
    ~WorkerProcess();

    /// Can be read when the worker has ended.
    [[nodiscard]] int pidfd() const { return pidfd_.get(); }
    [[nodiscard]] pid_t pid() const { return pid_; }
    void kill() const;
    /// How it ended; nothing while it runs. Does not wait. Once something, it is reaped.
    [[nodiscard]] std::optional<Exit> reap();

  private:
    WorkerProcess(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
    std::optional<Exit> wait(int options);

    pid_t pid_;
    Fd pidfd_;
};

}  // namespace mrda::service
