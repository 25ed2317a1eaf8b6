// SPDX-License-Identifier: MIT
#include "background.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "mrda/interop/exit_code.h"

namespace mrda::service {

namespace {

/// What the parent exits with, once its child has said that it is ready, or is gone.
int outcome_of(pid_t child, int pipe) {
    char byte = 0;
    ssize_t count = 0;
    do {
        count = ::read(pipe, &byte, sizeof byte);
    } while (count < 0 && errno == EINTR);
    if (count == 1) {
        return 0;
    }
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                      : kExitFailed;
}

}  // namespace

Result<Background> Background::enter() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return os_error("pipe2", errno, "cannot go to the background");
    }
    Fd ours(ends[0]);
    Fd childs(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) {
        return os_error("fork", errno, "cannot go to the background");
    }
    if (child > 0) {
        childs.reset();
        ::_exit(outcome_of(child, ours.get()));
    }
    ::setsid();
    const Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (::chdir("/") != 0 || !nothing || ::dup2(nothing.get(), STDIN_FILENO) < 0) {
        return os_error("dup2", errno, "cannot go to the background");
    }
    return Background(std::move(childs));
}

Result<void> Background::ready(const std::string& log_path) {
    const Fd log(::open(log_path.c_str(),
                        O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!log || ::dup2(log.get(), STDOUT_FILENO) < 0 || ::dup2(log.get(), STDERR_FILENO) < 0) {
        return os_error("open", errno, "cannot write " + log_path);
    }
    // A parent that is gone needs no word.
    static_cast<void>(::write(parent_.get(), "", 1));
    parent_.reset();
    return {};
}

Result<void> shorten_log(int log, std::uint64_t most_bytes) {
    struct stat status {};
    if (::fstat(log, &status) != 0) {
        return os_error("fstat", errno, "cannot look at the log");
    }
    if (static_cast<std::uint64_t>(status.st_size) > most_bytes && ::ftruncate(log, 0) != 0) {
        return os_error("ftruncate", errno, "cannot shorten the log");
    }
    return {};
}

}  // namespace mrda::service
