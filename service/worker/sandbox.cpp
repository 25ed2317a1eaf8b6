// SPDX-License-Identifier: MIT
#include "sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

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

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kShadowMemory = true;  // Terabytes of it, which the limit would count.
#else
constexpr bool kShadowMemory = false;
#endif

/// libseccomp 2.5 has no name for it.
constexpr int kFchmodat2 = 452;
/// The kernel looks at so much of these arguments.
constexpr scmp_datum_t kLow32 = 0xffffffff;

/// Nothing of these is needed to encode; each is a way out of this process.
// clang-format off
constexpr std::array kForbidden{
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(pidfd_send_signal), SCMP_SYS(kill), SCMP_SYS(tkill),
    SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo), SCMP_SYS(socket), SCMP_SYS(connect),
    SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(mount),
    SCMP_SYS(umount2), SCMP_SYS(chroot), SCMP_SYS(pivot_root), SCMP_SYS(setns), SCMP_SYS(unshare),
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(keyctl),
    SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(io_uring_setup),
    SCMP_SYS(open_by_handle_at), SCMP_SYS(creat), SCMP_SYS(openat2), SCMP_SYS(shmget),
    SCMP_SYS(shmat), SCMP_SYS(sched_setscheduler), SCMP_SYS(sched_setparam),
    SCMP_SYS(sched_setattr), SCMP_SYS(ioprio_set),
    // What Landlock does not know of files.
    SCMP_SYS(truncate), SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(chown),
    SCMP_SYS(fchown), SCMP_SYS(lchown), SCMP_SYS(fchownat), SCMP_SYS(setxattr),
    SCMP_SYS(lsetxattr), SCMP_SYS(fsetxattr), SCMP_SYS(removexattr), SCMP_SYS(lremovexattr),
    SCMP_SYS(fremovexattr), SCMP_SYS(utime), SCMP_SYS(utimes), SCMP_SYS(utimensat),
    SCMP_SYS(futimesat), kFchmodat2};
// clang-format on

/// A call that is forbidden for some values of one argument.
struct Condition {
    int call;
    scmp_arg_cmp argument;
};

std::vector<Condition> conditions() {
    const auto self = static_cast<scmp_datum_t>(::getpid());
    std::vector<Condition> found{
        // Of itself it may ask for limits, and abort() signals its own process.
        {SCMP_SYS(prlimit64), SCMP_A0_64(SCMP_CMP_NE, 0)},
        {SCMP_SYS(tgkill), SCMP_A0_64(SCMP_CMP_NE, self)},
        // Threads, and no processes: those would outlive the session.
        {SCMP_SYS(clone), SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)},
        // Before Linux 6.2 Landlock lets a file be emptied that may not be written.
        {SCMP_SYS(open), SCMP_A1_64(SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC)},
        {SCMP_SYS(openat), SCMP_A2_64(SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC)},
        // Codecs lower their own threads' priority, by 0; others are not theirs to slow.
        {SCMP_SYS(setpriority), SCMP_A0_64(SCMP_CMP_MASKED_EQ, kLow32, PRIO_PGRP)},
        {SCMP_SYS(setpriority), SCMP_A0_64(SCMP_CMP_MASKED_EQ, kLow32, PRIO_USER)},
        {SCMP_SYS(setpriority), SCMP_A1_64(SCMP_CMP_NE, 0)},
        // To end with the service is not its choice.
        {SCMP_SYS(prctl), SCMP_A0_64(SCMP_CMP_MASKED_EQ, kLow32, PR_SET_PDEATHSIG)}};
    // Signals that a descriptor sends; and waits: the service has the same events, and must not be
    // made to wait for them.
    for (const int command : {F_SETOWN, F_SETOWN_EX, F_SETSIG, F_SETFL}) {
        found.push_back({SCMP_SYS(fcntl), SCMP_A1_64(SCMP_CMP_MASKED_EQ, kLow32,
                                                     static_cast<scmp_datum_t>(command))});
    }
    // The same, and words that somebody seems to type.
    for (const auto request : {FIOSETOWN, SIOCSPGRP, FIONBIO, FIOASYNC, TIOCSTI, TIOCLINUX}) {
        found.push_back({SCMP_SYS(ioctl), SCMP_A1_64(SCMP_CMP_MASKED_EQ, kLow32,
                                                     static_cast<scmp_datum_t>(request))});
    }
    return found;
}

/// No file can be made, changed or removed by its name, but for the GPU's nodes; and no process
/// that is not under the same rules can be traced or have its memory read. linux/landlock.h: holds
/// for this thread and for those that it starts.
Result<void> close_file_system() {
    const auto version = static_cast<int>(
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
    if (version < 1) {
        // Before Linux 5.13, or switched off. What the other limits leave is open.
        std::fputs("mrda-worker: this kernel has no Landlock: files are not closed to it\n",
                   stderr);
        return {};
    }
    const landlock_ruleset_attr handled{
        .handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                             LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                             LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                             LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM};
    const Fd rules(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
    if (!rules) {
        return os_error("landlock_create_ruleset", errno, "cannot close the file system");
    }
    for (const char* path : {"/dev/dri", "/dev/udmabuf", "/dev/null"}) {
        const Fd node(::open(path, O_PATH | O_CLOEXEC));
        const landlock_path_beneath_attr rule{.allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE,
                                              .parent_fd = node.get()};
        if (node && ::syscall(SYS_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH, &rule,
                              0) != 0) {
            return os_error("landlock_add_rule", errno, std::string("cannot keep ") + path);
        }
    }
    if (::syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0) {
        return os_error("landlock_restrict_self", errno, "cannot close the file system");
    }
    return {};
}

struct FilterFree {
    void operator()(void* filter) const { ::seccomp_release(filter); }
};

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
    MRDA_TRY(close_file_system());
    // After the last look into /proc/self, which is root's from here on.
    if (::prctl(PR_SET_DUMPABLE, 0) != 0) {
        return os_error("prctl(PR_SET_DUMPABLE)", errno, "cannot close its memory to others");
    }
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return os_error("prctl(PR_SET_PDEATHSIG)", errno, "cannot end with the parent");
    }
    return {};
}

Result<void> limit_memory(std::uint64_t most_bytes) {
    if (most_bytes == 0 || kShadowMemory) {
        return {};
    }
    return limit(RLIMIT_DATA, most_bytes, "memory");
}

Result<void> forbid_system_calls() {
    // Allowed otherwise: a GPU's driver is not ours to know, and does what it needs by ioctl.
    const std::unique_ptr<void, FilterFree> filter(::seccomp_init(SCMP_ACT_ALLOW));
    if (!filter) {
        return make_error(Errc::io, "seccomp_init failed: cannot give up system calls");
    }
    // Of threads that the codec has started, too.
    int status = ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
    for (std::size_t i = 0; status == 0 && i < kForbidden.size(); ++i) {
        status = ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), kForbidden[i], 0);
    }
    for (const Condition& condition : conditions()) {
        if (status == 0) {
            status = ::seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EPERM), condition.call,
                                              1, &condition.argument);
        }
    }
    if (status == 0) {
        // Its flags are in memory, where no filter looks. The C library falls back to clone.
        status = ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    }
    if (status == 0) {
        status = ::seccomp_load(filter.get());
    }
    if (status != 0) {
        return os_error("seccomp_load", -status, "cannot give up system calls");
    }
    return {};
}

}  // namespace mrda::service
