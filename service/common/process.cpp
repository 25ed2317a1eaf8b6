// SPDX-License-Identifier: MIT
#include "process.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace mrda::service {

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
    }
}

Result<Fd> take_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    // Not only added: who started this may have blocked others.
    if (const int error = ::pthread_sigmask(SIG_SETMASK, &set, nullptr); error != 0) {
        return os_error("pthread_sigmask", error, "cannot take signals");
    }
    Fd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) {
        return os_error("signalfd", errno, "cannot take signals");
    }
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGCHLD, SIG_DFL);  // Ignored, children could not be waited for.
    return fd;
}

std::string program_dir() {
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path().string();
}

}  // namespace mrda::service
