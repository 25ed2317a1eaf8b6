// SPDX-License-Identifier: MIT
// The program mrda-doorbell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "holder_connection.h"
#include "mrda/interop/exit_code.h"
#include "mrda/interop/run_child.h"
#include "mrda/interop/unix_socket.h"
#include "service/host/temp_dir.h"

namespace mrda::service {
namespace {

constexpr std::uint64_t kPatienceNs = 20'000'000'000;

class DoorbellProgram : public testing::Test {
  protected:
    // Who starts it is gone at once, so it becomes this process' child, to be reaped.
    void SetUp() override { ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0); }
    void TearDown() override {
        if (holder_ > 0) {
            ::kill(holder_, SIGKILL);
            ::waitpid(holder_, nullptr, 0);
        }
    }
    [[nodiscard]] int start(std::vector<std::string> options = {}) {
        options.insert(options.begin(), {MRDA_DOORBELL, "--runtime-dir", dir_ / "run"});
        options.emplace_back("--background");
        const auto outcome = run_child(options, kPatienceNs);
        return outcome.ok() ? outcome->exit_code : -1;
    }
    /// One that is the service; remembers the holder's process.
    HolderConnection serve() {
        auto connection = HolderConnection::open(dir_ / "run").value();
        EXPECT_TRUE(connection.ask({}, kPatienceNs).ok());
        holder_ = peer_of(connection.fd()).value().process;
        return connection;
    }
    /// The holder ends by itself; with which status.
    int wait_for_end() {
        const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, holder_, 0)));
        pollfd polled{process.get(), POLLIN, 0};
        EXPECT_EQ(::poll(&polled, 1, static_cast<int>(kPatienceNs / 1'000'000)), 1);
        int status = -1;
        EXPECT_EQ(::waitpid(holder_, &status, WNOHANG), holder_);
        holder_ = -1;
        return status;
    }

    TempDir dir_;
    pid_t holder_ = -1;
};

TEST_F(DoorbellProgram, goes_on_in_a_session_of_its_own_and_listens_when_its_starter_returns) {
    ASSERT_EQ(start(), 0);
    const HolderConnection service = serve();
    EXPECT_EQ(::getsid(holder_), holder_);
    EXPECT_NE(::getpgid(holder_), ::getpgrp());
    EXPECT_EQ(std::filesystem::read_symlink("/proc/" + std::to_string(holder_) + "/cwd"), "/");
    std::ifstream log(dir_ / "run/doorbell.log");
    const std::string text((std::istreambuf_iterator<char>(log)), {});
    EXPECT_THAT(text, testing::HasSubstr("listening"));
}

TEST_F(DoorbellProgram, uses_no_folder_that_others_may_change) {
    for (const char* const folder : {"run", "sockets"}) {
        std::filesystem::create_directory(dir_ / folder);
        std::filesystem::permissions(dir_ / folder, std::filesystem::perms(0777));
        EXPECT_EQ(start({"--socket-dir", dir_ / "sockets"}), exit_code_of(Errc::permission_denied))
            << folder;
        std::filesystem::permissions(dir_ / folder, std::filesystem::perms(0700));
    }
    ASSERT_EQ(start({"--socket-dir", dir_ / "sockets"}), 0);
    serve();
}

TEST_F(DoorbellProgram, opens_no_folder_to_others_that_is_private_or_holds_what_is) {
    for (const char* const dir : {"run", "run/", "."}) {
        EXPECT_EQ(start({"--socket-dir", dir_ / dir}), exit_code_of(Errc::invalid_argument)) << dir;
    }
}

TEST_F(DoorbellProgram, survives_a_terminals_hangup_and_ends_by_sigterm_leaving_no_socket) {
    ASSERT_EQ(start(), 0);
    HolderConnection service = serve();
    ASSERT_EQ(::kill(holder_, SIGHUP), 0);
    EXPECT_TRUE(service.ask({}, kPatienceNs).ok());
    ASSERT_EQ(::kill(holder_, SIGTERM), 0);
    EXPECT_EQ(wait_for_end(), 0);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "run/doorbell.sock"));
}

TEST_F(DoorbellProgram, ends_with_its_service) {
    ASSERT_EQ(start(), 0);
    HolderConnection service = serve();
    ASSERT_TRUE(service.ask({.kind = DoorbellRequest::Kind::end}, kPatienceNs).ok());
    EXPECT_EQ(wait_for_end(), 0);
}

TEST_F(DoorbellProgram, a_second_one_and_a_folder_that_cannot_be_are_told_to_who_started_it) {
    ASSERT_EQ(start(), 0);
    HolderConnection service = serve();
    EXPECT_EQ(start(), exit_code_of(Errc::busy));
    EXPECT_TRUE(service.ask({}, kPatienceNs).ok());
    const auto outcome =
        run_child({MRDA_DOORBELL, "--runtime-dir", "/proc/nowhere", "--background"}, kPatienceNs);
    ASSERT_TRUE(outcome.ok());
    EXPECT_NE(outcome->exit_code, 0);
    EXPECT_EQ(start({"--linger-ms", "0"}), kExitUsage);
}

}  // namespace
}  // namespace mrda::service
