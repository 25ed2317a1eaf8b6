// SPDX-License-Identifier: MIT
#include "mrda/interop/run_child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <limits>
#include <string>
#include <system_error>

#include "interop/temp_files.h"
#include "mrda/interop/fd.h"

namespace mrda {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

constexpr std::uint64_t kLongNs = 60'000'000'000;
constexpr std::uint64_t kShortNs = 200'000'000;

Result<ChildOutcome> shell(const std::string& text, std::uint64_t timeout_ns = kLongNs) {
    return run_child({"/bin/sh", "-c", text}, timeout_ns);
}

TEST(RunChild, gives_the_output_and_the_exit_code) {
    const auto child = shell("echo hello; exit 3");
    ASSERT_TRUE(child.ok()) << child.error().message;
    EXPECT_EQ(child->output, "hello\n");
    EXPECT_EQ(child->exit_code, 3);
    EXPECT_EQ(child->signal, 0);
}

TEST(RunChild, hands_arguments_over_as_they_are) {
    const auto child = run_child({"/bin/sh", "-c", "printf '%s|' \"$@\"", "sh", "a b", "", "$c"},
                                 std::numeric_limits<std::uint64_t>::max());
    ASSERT_TRUE(child.ok()) << child.error().message;
    EXPECT_EQ(child->output, "a b||$c|");
}

TEST(RunChild, gives_no_standard_input) {
    const auto child = shell("cat; echo end");
    ASSERT_TRUE(child.ok());
    EXPECT_EQ(child->output, "end\n");
}

TEST(RunChild, tells_a_signal_from_an_exit) {
    const auto child = shell("echo before; kill -SEGV $$");
    ASSERT_TRUE(child.ok());
    EXPECT_EQ(child->signal, SIGSEGV);
    EXPECT_EQ(child->exit_code, -1);
    EXPECT_EQ(child->output, "before\n");
}

TEST(RunChild, a_program_that_is_not_there_is_named) {
    const auto child = run_child({"/nowhere/mrda-probe"}, kLongNs);
    ASSERT_FALSE(child.ok());
    EXPECT_EQ(child.error().code, Errc::not_found);
    EXPECT_THAT(child.error().message, HasSubstr("/nowhere/mrda-probe"));
}

TEST(RunChild, a_file_that_cannot_be_run_is_named) {
    const TempDir dir;
    const std::string file = dir.file("plain", "text");
    const auto child = run_child({file}, kLongNs);
    ASSERT_FALSE(child.ok());
    EXPECT_EQ(child.error().code, Errc::permission_denied);
    EXPECT_THAT(child.error().message, HasSubstr(file));
}

TEST(RunChild, a_child_that_hangs_is_killed_and_what_it_said_is_kept) {
    const auto started = std::chrono::steady_clock::now();
    const auto child = shell("echo so far; exec sleep 600", kShortNs);
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(60));
    ASSERT_FALSE(child.ok());
    EXPECT_EQ(child.error().code, Errc::timeout);
    EXPECT_THAT(child.error().message, HasSubstr("/bin/sh did not answer within 200 ms"));
    EXPECT_THAT(child.error().message, EndsWith("so far\n"));
}

TEST(RunChild, a_child_that_closes_its_output_and_hangs_is_killed_too) {
    const auto child = shell("exec >&-; exec sleep 600", kShortNs);
    ASSERT_FALSE(child.ok());
    EXPECT_EQ(child.error().code, Errc::timeout);
}

TEST(RunChild, a_child_that_hangs_is_killed_also_where_the_kernel_reaps_it) {
    const auto before = ::signal(SIGCHLD, SIG_IGN);
    const auto started = std::chrono::steady_clock::now();
    const auto child = shell("echo so far; exec sleep 600", kShortNs);
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(60));
    ::signal(SIGCHLD, before);
    ASSERT_FALSE(child.ok());
    EXPECT_EQ(child.error().code, Errc::timeout);
    EXPECT_THAT(child.error().message, EndsWith("so far\n"));
}

/// A process of the number `wanted` that is not our child, for a minute; empty where the kernel
/// does not let us choose.
Fd start_stranger(pid_t wanted) {
    const pid_t parent = ::fork();
    if (parent == 0) {
        clone_args chosen{};
        chosen.set_tid = reinterpret_cast<std::uintptr_t>(&wanted);
        chosen.set_tid_size = 1;
        if (::syscall(SYS_clone3, &chosen, sizeof chosen) == 0) {
            ::alarm(60);
            ::pause();
        }
        ::_exit(0);
    }
    while (::waitpid(parent, nullptr, 0) < 0 && errno == EINTR) {
    }
    return Fd(static_cast<int>(::syscall(SYS_pidfd_open, wanted, 0)));
}

bool watches_a_process() {
    std::error_code gone;  // What is listed may be closed meanwhile.
    return std::ranges::any_of(
        std::filesystem::directory_iterator("/proc/self/fd"), [&](const auto& entry) {
            return std::filesystem::read_symlink(entry, gone).string().find("pidfd") !=
                   std::string::npos;
        });
}

TEST(RunChild, a_child_that_the_kernel_has_reaped_is_not_killed_by_a_number_that_is_anothers_now) {
    const TempDir dir;
    const std::string file = dir.file("number");
    const auto before = ::signal(SIGCHLD, SIG_IGN);
    // It ends once it is watched; what it leaves behind keeps its output open past the deadline.
    const std::string go = dir.path() + "/go";
    const std::string script = "until [ -e " + go + " ]; do :; done; sleep 5 & echo $$ > " + file;
    auto running = std::async(std::launch::async, [&] { return shell(script, 1'000'000'000); });
    while (!watches_a_process()) {
    }
    std::ofstream(go) << "go";
    pid_t number = 0;
    while (number == 0 || ::kill(number, 0) == 0) {
        std::ifstream(file) >> number;
    }
    const Fd stranger = start_stranger(number);
    const auto child = running.get();
    ::signal(SIGCHLD, before);
    if (!stranger) {
        GTEST_SKIP() << "this kernel lets us choose no process' number";
    }
    pollfd ended{.fd = stranger.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&ended, 1, 500), 0) << "it was killed";
    ::syscall(SYS_pidfd_send_signal, stranger.get(), SIGKILL, nullptr, 0);
    ASSERT_FALSE(child.ok());
    EXPECT_EQ(child.error().code, Errc::timeout);
}

TEST(RunChild, output_beyond_the_limit_is_read_and_dropped) {
    const auto child = shell("head -c 1000000 /dev/zero; exit 5");
    ASSERT_TRUE(child.ok());
    EXPECT_EQ(child->output.size(), 65536U);
    EXPECT_EQ(child->exit_code, 5);
}

TEST(RunChild, leaves_no_descriptor_open_and_hands_none_down) {
    const Fd before(::dup(0));
    const int next_free = duplicate_fd(0)->get();
    const auto child = shell("ls /proc/self/fd | wc -l");
    ASSERT_TRUE(child.ok());
    ASSERT_FALSE(shell("exec sleep 600", 1'000'000).ok());
    EXPECT_EQ(duplicate_fd(0)->get(), next_free);
}

}  // namespace
}  // namespace mrda
