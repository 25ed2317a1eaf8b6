// SPDX-License-Identifier: MIT
// Each test gives up its rights in a process of its own, and exits there with 0 if they are gone.
#include "sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

namespace mrda::service {
namespace {

/// Ends the child with the number of the line that did not hold.
#define MUST(condition)          \
    if (!(condition)) {          \
        ::_exit(__LINE__ % 256); \
    }

template <typename Attempt>
void in_sandbox(Attempt attempt) {
    EXPECT_EXIT(
        {
            MUST(enter_sandbox().ok());
            MUST(forbid_system_calls().ok());
            attempt();
            ::_exit(0);
        },
        testing::ExitedWithCode(0), "");
}

bool has_landlock() {
    return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

TEST(Sandbox, lets_nothing_out_to_other_processes_or_the_network) {
    in_sandbox([] {
        MUST(::socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM);
        MUST(::socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM);
        MUST(::kill(::getppid(), 0) < 0 && errno == EPERM);
        rlimit now{};
        MUST(::prlimit(::getppid(), RLIMIT_NOFILE, nullptr, &now) < 0 && errno == EPERM);
        MUST(::execl("/bin/true", "true", nullptr) < 0 && errno == EPERM);
        MUST(::fork() < 0 && errno == EPERM);
        MUST(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr) < 0 &&
             errno == EPERM);
        MUST(::prctl(PR_SET_PDEATHSIG, 0) < 0 && errno == EPERM);
        MUST(::setpriority(PRIO_PROCESS, static_cast<id_t>(::getppid()), 19) < 0 && errno == EPERM);
        MUST(::setpriority(PRIO_USER, 0, 19) < 0 && errno == EPERM);
        MUST(::shmget(IPC_PRIVATE, 4096, 0600) < 0 && errno == EPERM);
        MUST(::fcntl(STDERR_FILENO, F_SETOWN, ::getppid()) < 0 && errno == EPERM);
        MUST(::fcntl(STDERR_FILENO, F_SETSIG, SIGKILL) < 0 && errno == EPERM);
        MUST(::fcntl(STDERR_FILENO, F_SETFL, 0) < 0 && errno == EPERM);
        int waits = 0;
        MUST(::ioctl(STDERR_FILENO, FIONBIO, &waits) < 0 && errno == EPERM);
        char typed = 'x';
        MUST(::ioctl(STDERR_FILENO, TIOCSTI, &typed) < 0 && errno == EPERM);
    });
}

TEST(Sandbox, lets_no_other_process_be_read) {
    if (!has_landlock()) {
        GTEST_SKIP() << "this kernel has no Landlock";
    }
    in_sandbox([] {
        const std::string memory = "/proc/" + std::to_string(::getppid()) + "/mem";
        MUST(::open(memory.c_str(), O_RDONLY) < 0 && errno == EACCES);
    });
}

TEST(Sandbox, lets_no_file_be_made_changed_or_removed) {
    if (!has_landlock()) {
        GTEST_SKIP() << "this kernel has no Landlock";
    }
    const std::string path =
        std::filesystem::temp_directory_path() / ("mrda_sandbox_" + std::to_string(::getpid()));
    const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_GE(made, 0);
    ::close(made);
    in_sandbox([&] {
        MUST(::open(path.c_str(), O_RDWR) < 0 && errno == EACCES);
        MUST(::open((path + "x").c_str(), O_RDWR | O_CREAT, 0600) < 0 && errno == EACCES);
        MUST(::open(path.c_str(), O_RDONLY | O_TRUNC) < 0 && errno == EPERM);
        MUST(::truncate(path.c_str(), 0) < 0);
        MUST(::chmod(path.c_str(), 0666) < 0 && errno == EPERM);
        MUST(::unlink(path.c_str()) < 0 && errno == EACCES);
        MUST(::open(path.c_str(), O_RDONLY) >= 0);
    });
    ::unlink(path.c_str());
}

TEST(Sandbox, leaves_what_a_codec_needs) {
    in_sandbox([] {
        const int fd = ::memfd_create("codec", MFD_CLOEXEC);
        MUST(fd >= 0 && ::ftruncate(fd, 4096) == 0);
        MUST(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED);
        MUST(::setpriority(PRIO_PROCESS, 0, 10) == 0);
        rlimit now{};
        MUST(::getrlimit(RLIMIT_NOFILE, &now) == 0);
        MUST(::open("/dev/null", O_WRONLY) >= 0);
        bool ran = false;
        std::thread([&] { ran = true; }).join();
        MUST(ran);
    });
}

TEST(Sandbox, leaves_abort_its_name) {
    EXPECT_EXIT(
        {
            MUST(enter_sandbox().ok());
            MUST(forbid_system_calls().ok());
            ::abort();
        },
        testing::KilledBySignal(SIGABRT), "");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Sandbox, refuses_memory_beyond_the_limit) {
    constexpr std::size_t kLimit = std::size_t{256} << 20;
    EXPECT_EXIT(
        {
            MUST(limit_memory(kLimit).ok());
            const auto pages = [](std::size_t bytes) {
                return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                              -1, 0);
            };
            MUST(pages(kLimit / 4) != MAP_FAILED);
            MUST(pages(kLimit) == MAP_FAILED && errno == ENOMEM);
            ::_exit(0);
        },
        testing::ExitedWithCode(0), "");
}
#endif

}  // namespace
}  // namespace mrda::service
