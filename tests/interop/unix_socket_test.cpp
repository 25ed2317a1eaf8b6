// SPDX-License-Identifier: MIT
#include "mrda/interop/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "temp_files.h"

namespace mrda {
namespace {

constexpr uid_t kOther = 65534;

class UnixSocket : public testing::Test {
  protected:
    /// As connect_unix(), by another user. Only root can be one.
    [[nodiscard]] Result<Fd> connect_as_other() const {
        Result<Fd> connected = make_error(Errc::internal, "not tried");
        // The system call itself changes this thread alone; glibc's function changes all of them.
        std::thread([&] {
            if (::syscall(SYS_setresuid, -1, kOther, -1) == 0) {
                connected = connect_unix(path_, SOCK_STREAM);
            }
        }).join();
        return connected;
    }

    TempDir dir_;
    std::string path_ = dir_.path() + "/socket";
};

TEST_F(UnixSocket, is_open_to_its_user_alone_whatever_the_umask) {
    const mode_t former = ::umask(0);
    const auto listening = listen_unix(path_, SOCK_STREAM, 1);
    ::umask(former);
    ASSERT_TRUE(listening.ok());
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(UnixSocket, takes_the_place_of_one_that_is_there) {
    const auto first = listen_unix(path_, SOCK_STREAM, 1);
    const auto second = listen_unix(path_, SOCK_STREAM, 1);
    ASSERT_TRUE(second.ok());
    const auto client = connect_unix(path_, SOCK_STREAM);
    ASSERT_TRUE(client.ok());
    EXPECT_LT(::accept(first->get(), nullptr, nullptr), 0);
    EXPECT_TRUE(Fd(::accept(second->get(), nullptr, nullptr)).valid());
}

TEST_F(UnixSocket, takes_no_other_files_place) {
    const std::string text = "somebody's work";
    std::ofstream(path_) << text;
    const auto refused = listen_unix(path_, SOCK_STREAM, 1);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::busy);
    EXPECT_NE(refused.error().message.find(path_), std::string::npos);
    EXPECT_EQ(std::filesystem::file_size(path_), text.size());
    std::filesystem::remove(path_);
    // Not even by a link to a socket.
    std::filesystem::create_symlink(dir_.path() + "/elsewhere", path_);
    EXPECT_EQ(listen_unix(path_, SOCK_STREAM, 1).error().code, Errc::busy);
    EXPECT_TRUE(std::filesystem::is_symlink(path_));
}

TEST_F(UnixSocket, that_cannot_listen_leaves_no_file) {
    EXPECT_FALSE(listen_unix(path_, SOCK_DGRAM, 1).ok());
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(UnixSocket, tells_who_connected) {
    const auto listening = listen_unix(path_, SOCK_SEQPACKET, 1);
    const auto client = connect_unix(path_, SOCK_SEQPACKET);
    ASSERT_TRUE(client.ok());
    const Fd accepted(::accept(listening->get(), nullptr, nullptr));
    const auto peer = peer_of(accepted.get());
    ASSERT_TRUE(peer.ok());
    EXPECT_EQ(peer->process, ::getpid());
    EXPECT_EQ(peer->user, ::geteuid());
    EXPECT_FALSE(peer_of(-1).ok());
}

TEST_F(UnixSocket, where_nobody_listens_is_not_found_and_a_full_queue_is_busy) {
    EXPECT_EQ(connect_unix(path_, SOCK_STREAM).error().code, Errc::not_found);
    auto listening = listen_unix(path_, SOCK_STREAM, 0);
    std::vector<Fd> waiting;
    Result<Fd> next = connect_unix(path_, SOCK_STREAM);
    while (next.ok() && waiting.size() < 16) {
        waiting.push_back(std::move(next).value());
        next = connect_unix(path_, SOCK_STREAM);
    }
    ASSERT_FALSE(next.ok());
    EXPECT_EQ(next.error().code, Errc::busy);
    listening->reset();
    EXPECT_EQ(connect_unix(path_, SOCK_STREAM).error().code, Errc::not_found);
}

TEST_F(UnixSocket, a_path_that_is_too_long_is_refused_naming_it) {
    const std::string path = dir_.path() + "/" + std::string(120, 'x');
    EXPECT_EQ(connect_unix(path, SOCK_STREAM).error().code, Errc::invalid_argument);
    const auto listening = listen_unix(path, SOCK_STREAM, 1);
    ASSERT_FALSE(listening.ok());
    EXPECT_EQ(listening.error().code, Errc::invalid_argument);
    EXPECT_NE(listening.error().message.find(path), std::string::npos);
}

TEST_F(UnixSocket, one_more_user_may_be_admitted_and_nobody_else) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can act as another user";
    }
    ASSERT_EQ(::chmod(dir_.path().c_str(), 0711), 0);
    const auto listening = listen_unix(path_, SOCK_STREAM, 8);
    ASSERT_TRUE(listening.ok());
    EXPECT_EQ(connect_as_other().error().code, Errc::permission_denied);
    const auto admitted = admit_user(path_, kOther + 1);
    if (!admitted.ok() && admitted.error().code == Errc::unsupported) {
        GTEST_SKIP() << admitted.error().message;
    }
    ASSERT_TRUE(admitted.ok()) << to_string(admitted.error());
    EXPECT_EQ(connect_as_other().error().code, Errc::permission_denied);
    ASSERT_TRUE(admit_user(path_, kOther).ok());
    EXPECT_TRUE(connect_as_other().ok());
}

}  // namespace
}  // namespace mrda
