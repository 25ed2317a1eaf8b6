// SPDX-License-Identifier: MIT
#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace mrda::bench {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kTermWaitNs = 3'000 * kNsPerMs;
constexpr int kCannotRun = 127;
/// Beyond every descriptor that is passed on, so that none is overwritten before it is moved.
constexpr int kFirstSpareFd = 100;

cpu_set_t allowed_cores() {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    static_cast<void>(::sched_getaffinity(0, sizeof cores, &cores));
    return cores;
}

bool keep_to(Core core) {
    if (core == Core::any) {
        return true;
    }
    const cpu_set_t allowed = allowed_cores();
    int to_pass = core == Core::second ? 1 : 0;
    for (int number = 0; number < CPU_SETSIZE; ++number) {
        if (CPU_ISSET(number, &allowed) && to_pass-- == 0) {
            cpu_set_t wanted;
            CPU_ZERO(&wanted);
            CPU_SET(number, &wanted);
            return ::sched_setaffinity(0, sizeof wanted, &wanted) == 0;
        }
    }
    return false;
}

bool place_descriptors(const std::vector<int>& passed) {
    std::vector<int> spare;
    spare.reserve(passed.size());
    for (const int fd : passed) {
        spare.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, kFirstSpareFd));
    }
    for (std::size_t i = 0; i < spare.size(); ++i) {
        if (::dup2(spare[i], kFirstPassedFd + static_cast<int>(i)) < 0) {
            return false;
        }
    }
    return true;
}

[[noreturn]] void become(const ProcessSpec& spec, int log, pid_t parent) {
    // The parent may have ended before it could be asked for.
    const bool ready = ::prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && ::getppid() == parent &&
                       ::dup2(log, STDOUT_FILENO) >= 0 && ::dup2(log, STDERR_FILENO) >= 0 &&
                       place_descriptors(spec.passed) && keep_to(spec.core);
    if (ready) {
        for (const auto& [name, value] : spec.environment) {
            ::setenv(name.c_str(), value.c_str(), 1);
        }
        std::vector<char*> arguments;
        for (const std::string& word : spec.command) {
            arguments.push_back(const_cast<char*>(word.c_str()));
        }
        arguments.push_back(nullptr);
        ::execvp(arguments[0], arguments.data());
    }
    ::dprintf(STDERR_FILENO, "cannot run %s: errno %d\n", spec.command[0].c_str(), errno);
    ::_exit(kCannotRun);
}

}  // namespace

Result<Process> Process::start(const ProcessSpec& spec) {
    const Fd log(::open(spec.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!log) {
        return os_error("open", errno, "cannot write " + spec.log_file);
    }
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
        return os_error("fork", errno, "cannot start " + spec.command[0]);
    }
    if (pid == 0) {
        become(spec, log.get(), parent);
    }
    return Process(pid, Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))), spec.log_file);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      handle_(std::move(other.handle_)),
      log_file_(std::move(other.log_file_)) {}

Process::~Process() {
    if (pid_ < 0) {
        return;
    }
    if (!ended_within(0)) {
        ::kill(pid_, SIGTERM);
        if (!ended_within(kTermWaitNs)) {
            ::kill(pid_, SIGKILL);
        }
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
}

bool Process::ended_within(std::uint64_t timeout_ns) {
    if (!handle_) {
        return true;
    }
    pollfd wanted{.fd = handle_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&wanted, 1, static_cast<int>(timeout_ns / kNsPerMs)) > 0;
}

std::string Process::last_words() const {
    std::ifstream log(log_file_);
    std::string last;
    for (std::string line; std::getline(log, line);) {
        last = line.empty() ? last : line;
    }
    return log_file_.substr(log_file_.rfind('/') + 1) + (last.empty() ? ": nothing" : ": " + last);
}

int core_count() {
    const cpu_set_t cores = allowed_cores();
    return CPU_COUNT(&cores);
}

Result<TempFolder> TempFolder::make() {
    std::error_code failed;
    const auto parent = std::filesystem::temp_directory_path(failed);
    std::string path = (failed ? "/tmp" : parent.string()) + "/mrda-bench-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
        return os_error("mkdtemp", errno, "cannot make " + path);
    }
    return TempFolder(path);
}

TempFolder::~TempFolder() {
    if (!path_.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
}

}  // namespace mrda::bench
