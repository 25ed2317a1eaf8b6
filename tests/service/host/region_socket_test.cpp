// SPDX-License-Identifier: MIT
#include "region_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <thread>

#include "mrda/ivshmem/region.h"
#include "temp_dir.h"

namespace mrda::service {
namespace {

class RegionSocketTest : public testing::Test {
  protected:
    void SetUp() override {
        server_ = RegionSocket::listen(*loop_, path_, [this](const std::string& token) {
                      return token == "right" ? region_.fd() : -1;
                  }).value();
        thread_ = std::thread([this] { loop_->run(); });
    }
    void TearDown() override {
        loop_->stop();
        thread_.join();
        server_.reset();
    }
    Fd connect() {
        Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path_.data(), path_.size());
        EXPECT_EQ(
            ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
        return socket;
    }
    /// The descriptor that comes back for `token`; -1: none.
    Fd ask(const std::string& token) {
        const Fd socket = connect();
        EXPECT_EQ(::send(socket.get(), token.data(), token.size(), 0),
                  static_cast<ssize_t>(token.size()));
        char byte = 0;
        iovec data{&byte, 1};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr message{};
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        if (::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC) != 1 ||
            CMSG_FIRSTHDR(&message) == nullptr) {
            return Fd();
        }
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
        return Fd(fd);
    }

    TempDir dir_;
    std::string path_ = dir_ / "region.sock";
    ivshmem::Region region_ = ivshmem::Region::create_memfd("test", 4096).value();
    std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
    std::unique_ptr<RegionSocket> server_;
    std::thread thread_;
};

TEST_F(RegionSocketTest, gives_the_region_to_who_has_its_token) {
    const Fd got = ask("right");
    ASSERT_TRUE(got.valid());
    EXPECT_EQ(identify(got.get()).value(), region_.identity());
}

TEST_F(RegionSocketTest, gives_nothing_for_another_token) {
    EXPECT_FALSE(ask("wrong").valid());
    EXPECT_FALSE(ask("righ").valid());
    EXPECT_FALSE(ask(std::string(500, 'x')).valid());
}

TEST_F(RegionSocketTest, clients_that_say_nothing_do_not_keep_others_out) {
    std::array<Fd, 100> silent;  // More than are heard at once.
    for (Fd& socket : silent) {
        socket = connect();
    }
    EXPECT_TRUE(ask("right").valid());
}

TEST_F(RegionSocketTest, is_open_to_its_user_alone) {
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace mrda::service
