// SPDX-License-Identifier: MIT
#include "mrda/interop/run_child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "mrda/interop/fd.h"

extern char** environ;

namespace mrda {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kLongestTimeoutNs = 3'600'000'000'000;

/// posix_spawn's list of what to do to descriptors in the child.
class FileActions {
  public:
    FileActions() { posix_spawn_file_actions_init(&actions_); }
    ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;

    posix_spawn_file_actions_t* get() { return &actions_; }

  private:
    posix_spawn_file_actions_t actions_{};
};

// glibc 2.36 declares both calls without extern "C".
int open_process(pid_t pid) {
    return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

/// By its descriptor where that works: where SIGCHLD is ignored the kernel reaps the child itself,
/// and its number may be another process' by now. `no_pidfd` says why there is no descriptor.
void kill_child(const Fd& process, int no_pidfd, pid_t pid) {
    int problem = no_pidfd;
    if (process && ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) != 0) {
        problem = errno;
    }
    if (problem != 0 && problem != ESRCH) {
        ::kill(pid, SIGKILL);
    }
}

/// Waits until `fd` is readable, or at its end; false at `deadline`.
bool wait_until(int fd, Clock::time_point deadline) {
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) {
            return false;
        }
        pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
        if (::poll(&waited, 1, static_cast<int>(left)) > 0) {
            return true;
        }
    }
}

/// Reads until the end of file, or until `deadline`; false on the latter.
bool read_until(int fd, Clock::time_point deadline, std::size_t most_bytes, std::string& output) {
    std::array<char, 4096> chunk{};
    for (;;) {
        if (!wait_until(fd, deadline)) {
            return false;
        }
        const ssize_t count = ::read(fd, chunk.data(), chunk.size());
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return true;
        }
        if (count > 0) {
            output.append(chunk.data(),
                          std::min(static_cast<std::size_t>(count), most_bytes - output.size()));
        }
    }
}

}  // namespace

Result<ChildOutcome> run_child(const std::vector<std::string>& command, std::uint64_t timeout_ns,
                               std::size_t most_bytes) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return os_error("pipe2", errno, "cannot start " + command[0]);
    }
    Fd read_end(ends[0]);
    Fd write_end(ends[1]);
    FileActions actions;
    posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(actions.get(), write_end.get(), STDOUT_FILENO);
    std::vector<char*> arguments;
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    pid_t pid = 0;
    const int problem =
        ::posix_spawn(&pid, arguments[0], actions.get(), nullptr, arguments.data(), environ);
    if (problem != 0) {
        return os_error("posix_spawn", problem, "cannot start " + command[0]);
    }
    // A child may close its output and live on: its end is the process's, not the pipe's.
    const Fd process(open_process(pid));
    const int no_pidfd = process ? 0 : errno;
    write_end.reset();

    ChildOutcome outcome;
    const auto deadline =
        Clock::now() + std::chrono::nanoseconds(std::min(timeout_ns, kLongestTimeoutNs));
    const bool ended = process &&
                       read_until(read_end.get(), deadline, most_bytes, outcome.output) &&
                       wait_until(process.get(), deadline);
    if (!ended) {
        kill_child(process, no_pidfd, pid);
    }
    int status = 0;
    pid_t reaped = 0;
    do {
        reaped = ::waitpid(pid, &status, 0);
    } while (reaped < 0 && errno == EINTR);
    const int not_reaped = reaped < 0 ? errno : 0;
    if (!process) {
        return os_error("pidfd_open", no_pidfd, "cannot watch " + command[0]);
    }
    if (!ended) {
        return make_error(Errc::timeout, command[0] + " did not answer within " +
                                             std::to_string(timeout_ns / 1'000'000) + " ms" +
                                             (outcome.output.empty() ? "" : "; it said:\n") +
                                             outcome.output);
    }
    if (not_reaped !=
        0) {  // ECHILD: SIGCHLD is ignored here, and the child's end is nobody's to know.
        return os_error("waitpid", not_reaped, "cannot tell how " + command[0] + " ended");
    }
    outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    outcome.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return outcome;
}

}  // namespace mrda
