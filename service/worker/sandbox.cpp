// SPDX-License-Identifier: MIT
#include "sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "mrda/interop/fd.h"

namespace mrda::service {

namespace {

constexpr rlim_t kMaxDescriptors = 1024;

Result<void> limit(decltype(RLIMIT_CORE) which, rlim_t most, const char* name) {
    rlimit now{};
    if (::getrlimit(which, &now) != 0) {
        return os_error("getrlimit", errno, name);
    }
    now.rlim_max = now.rlim_max < most ? now.rlim_max : most;
    now.rlim_cur = now.rlim_max;
    if (::setrlimit(which, &now) != 0) {
        return os_error("setrlimit", errno, name);
    }
    return {};
}

}  // namespace

Result<void> enter_sandbox() {
    MRDA_TRY(limit(RLIMIT_CORE, 0, "core dumps"));
    MRDA_TRY(limit(RLIMIT_NOFILE, kMaxDescriptors, "open descriptors"));
    // Where memory runs out, it is a session that ends, and not the service or a stranger.
    const Fd score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (!score || ::write(score.get(), "1000", 4) != 4) {
        return os_error("write", errno, "cannot offer itself to the out-of-memory killer");
    }
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return os_error("prctl(PR_SET_NO_NEW_PRIVS)", errno, "cannot give up new privileges");
    }
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return os_error("prctl(PR_SET_PDEATHSIG)", errno, "cannot end with the parent");
    }
    return {};
}

}  // namespace mrda::service
