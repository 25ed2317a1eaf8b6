// SPDX-License-Identifier: MIT
#include "worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "worker_protocol.h"

namespace mrda::service {

namespace {

/// Above everything that a worker inherits.
constexpr int kFirstSpareFd = 16;

/// posix_spawn's lists, freed in any case.
class SpawnPlan {
  public:
    SpawnPlan() {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
    }
    ~SpawnPlan() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    Result<void> inherit(int fd, int as) {
        // A descriptor that has its number already would keep close-on-exec: dup2 from a copy.
        const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstSpareFd);
        if (copy < 0) {
            return os_error("fcntl(F_DUPFD_CLOEXEC)", errno, "no descriptor left for a worker");
        }
        copies_.emplace_back(copy);
        return added(::posix_spawn_file_actions_adddup2(&actions_, copy, as));
    }
    Result<void> prepare() {
        sigset_t all;
        sigset_t none;
        ::sigfillset(&all);
        ::sigemptyset(&none);
        MRDA_TRY(added(
            ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0)));
        MRDA_TRY(
            added(::posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO)));
        MRDA_TRY(added(::posix_spawn_file_actions_addchdir_np(&actions_, "/")));
        MRDA_TRY(added(::posix_spawn_file_actions_addclosefrom_np(&actions_, kControlFd + 1)));
        MRDA_TRY(added(::posix_spawnattr_setsigdefault(&attributes_, &all)));
        MRDA_TRY(added(::posix_spawnattr_setsigmask(&attributes_, &none)));
        return added(::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID));
    }
    Result<pid_t> spawn(const std::string& program) {
        std::string name = program;
        std::string path = "PATH=/usr/bin:/bin";
        std::array<char*, 2> arguments{name.data(), nullptr};
        std::array<char*, 2> environment{path.data(), nullptr};
        pid_t pid = -1;
        const int error = ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_,
                                        arguments.data(), environment.data());
        if (error != 0) {
            return os_error("posix_spawn", error, "cannot start " + program);
        }
        return pid;
    }

  private:
    static Result<void> added(int error) {
        if (error != 0) {
            return os_error("posix_spawn_file_actions", error, "cannot prepare a worker");
        }
        return {};
    }

    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
    std::vector<Fd> copies_;
};

}  // namespace

Result<WorkerProcess> WorkerProcess::start(const std::string& program, int control, int output) {
    SpawnPlan plan;
    MRDA_TRY(plan.inherit(control, kControlFd));
    MRDA_TRY(plan.inherit(output, STDERR_FILENO));
    MRDA_TRY(plan.prepare());
    MRDA_ASSIGN(const pid_t pid, plan.spawn(program));
    // The child is not reaped yet, so the number is still its own.
    Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) {
        const int found = errno;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return os_error("pidfd_open", found, "cannot watch a worker");
    }
    return WorkerProcess(pid, std::move(pidfd));
}

WorkerProcess::~WorkerProcess() {
    if (pidfd_.valid()) {
        kill();
        static_cast<void>(wait(0));
    }
}

void WorkerProcess::kill() const {
    if (pidfd_.valid()) {
        ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    }
}

std::optional<WorkerProcess::Exit> WorkerProcess::wait(int options) {
    siginfo_t info{};
    int status = 0;
    do {
        status = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | options);
    } while (status != 0 && errno == EINTR);
    if (status != 0 || info.si_pid == 0) {
        return std::nullopt;
    }
    pidfd_.reset();
    if (info.si_code == CLD_EXITED) {
        return Exit{info.si_status, 0};
    }
    return Exit{-1, info.si_status};
}

std::optional<WorkerProcess::Exit> WorkerProcess::reap() {
    return pidfd_.valid() ? wait(WNOHANG) : std::nullopt;
}

}  // namespace mrda::service
