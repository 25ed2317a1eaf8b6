// SPDX-License-Identifier: MIT
#include "verdict.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "mrda/interop/fd.h"

namespace mrda::check {

namespace {

constexpr unsigned kPatienceSeconds = 30;
/// So that the end of a child that says nothing is not taken for a pass.
constexpr char kPassed = '+';
constexpr char kFailed = '-';
constexpr char kSkipped = '~';

[[noreturn]] void run_here(const Check& check, int answer) {
    ::alarm(kPatienceSeconds);
    const Finding found = check.run();
    const std::string text = !found.fault.empty()     ? kFailed + found.fault
                             : !found.skipped.empty() ? kSkipped + found.skipped
                                                      : std::string(1, kPassed);
    const bool told =
        ::write(answer, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    // Not exit(): what a plugin does when it is unloaded is a check of its own.
    ::_exit(told ? 0 : 1);
}

std::string read_all(int fd) {
    std::string text;
    std::array<char, 512> bytes{};
    for (;;) {
        const ssize_t count = ::read(fd, bytes.data(), bytes.size());
        if (count > 0) {
            text.append(bytes.data(), static_cast<std::size_t>(count));
        } else if (count == 0 || errno != EINTR) {
            return text;
        }
    }
}

Fault fault_of_end(int status) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        return "does not come back within " + std::to_string(kPatienceSeconds) + " s";
    }
    if (WIFSIGNALED(status)) {
        return std::string("crashes: ") + ::strsignal(WTERMSIG(status));
    }
    return "ends the process with exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Finding run_apart(const Check& check) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return Fault("cannot be checked: pipe2: ") + std::strerror(errno);
    }
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        run_here(check, writing.get());
    }
    if (child < 0) {
        return Fault("cannot be checked: fork: ") + std::strerror(errno);
    }
    writing.reset();
    const std::string answer = read_all(reading.get());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (answer.empty()) {
        return fault_of_end(status);
    }
    const std::string words = answer.substr(1);
    return answer.front() == kSkipped ? Finding::skip(words) : Finding(words);
}

}  // namespace mrda::check
