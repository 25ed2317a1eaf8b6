// SPDX-License-Identifier: MIT
#include "control_socket.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "mrda/interop/dma_buf.h"

namespace mrda::service {
namespace {

using testing::HasSubstr;

TEST(ControlSocket, carries_whole_messages_and_tells_the_end) {
    const auto pair = make_control_sockets().value();
    ASSERT_TRUE(send_message(pair.ours.get(), "one").ok());
    ASSERT_TRUE(send_message(pair.ours.get(), std::string(kMaxMessageBytes, 'x')).ok());
    EXPECT_EQ(receive_message(pair.theirs.get()).value(), "one");
    EXPECT_EQ(receive_message(pair.theirs.get()).value()->size(), kMaxMessageBytes);
    ASSERT_EQ(::fcntl(pair.theirs.get(), F_SETFL, O_NONBLOCK), 0);
    EXPECT_EQ(receive_message(pair.theirs.get()).value(), std::nullopt);
    ASSERT_EQ(::shutdown(pair.ours.get(), SHUT_WR), 0);
    EXPECT_EQ(receive_message(pair.theirs.get()).error().code, Errc::end_of_stream);
    EXPECT_EQ(receive_with_descriptors(pair.theirs.get()).error().code, Errc::end_of_stream);
}

TEST(ControlSocket, refuses_a_message_that_is_too_long_naming_its_size) {
    const auto pair = make_control_sockets().value();
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(send_message(pair.ours.get(), std::string(kMaxMessageBytes + 1, 'x')).ok());
    }
    const auto plain = receive_message(pair.theirs.get());
    ASSERT_FALSE(plain.ok());
    EXPECT_EQ(plain.error().code, Errc::corrupt);
    EXPECT_THAT(plain.error().message, HasSubstr("8193 bytes"));
    EXPECT_EQ(receive_with_descriptors(pair.theirs.get()).error().code, Errc::corrupt);
}

TEST(ControlSocket, that_nobody_reads_is_busy_and_whose_reader_is_gone_fails) {
    auto pair = make_control_sockets().value();
    Result<void> sent;
    for (int i = 0; i < 10'000 && sent.ok(); ++i) {
        sent = send_message(pair.ours.get(), std::string(4096, 'x'));
    }
    ASSERT_FALSE(sent.ok());
    EXPECT_EQ(sent.error().code, Errc::busy);
    pair.theirs.reset();
    EXPECT_FALSE(send_message(pair.ours.get(), "x").ok());
}

class Descriptors : public testing::Test {
  protected:
    static int open_count() {
        int count = 0;
        for (int fd = 0; fd < 256; ++fd) {
            count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
        }
        return count;
    }

    SocketPair pair_ = make_control_sockets().value();
    Fd one_{::memfd_create("one", MFD_CLOEXEC)};
    Fd two_{::memfd_create("two", MFD_CLOEXEC)};
};

TEST_F(Descriptors, come_in_order_and_close_on_exec) {
    const std::array sent{one_.get(), two_.get()};
    ASSERT_TRUE(send_message(pair_.ours.get(), "both", sent).ok());
    const auto received = receive_with_descriptors(pair_.theirs.get());
    ASSERT_TRUE(received.ok());
    EXPECT_EQ(received->text, "both");
    ASSERT_EQ(received->descriptors.size(), 2U);
    for (std::size_t i = 0; i < sent.size(); ++i) {
        const int fd = received->descriptors[i].get();
        EXPECT_EQ(identify(fd).value(), identify(sent.at(i)).value());
        EXPECT_EQ(::fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    }
}

TEST_F(Descriptors, too_many_are_refused_and_none_stays) {
    std::array<int, kMaxDescriptors + 1> sent{};
    sent.fill(one_.get());
    EXPECT_EQ(send_message(pair_.ours.get(), "too many", sent).error().code,
              Errc::invalid_argument);
    // Somebody who keeps no such rule.
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof sent)> control{};
    char byte = 'x';
    iovec data{&byte, 1};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof sent);
    std::memcpy(CMSG_DATA(rights), sent.data(), sizeof sent);
    ASSERT_EQ(::sendmsg(pair_.ours.get(), &message, 0), 1);
    const int before = open_count();
    const auto received = receive_with_descriptors(pair_.theirs.get());
    ASSERT_FALSE(received.ok());
    EXPECT_EQ(received.error().code, Errc::corrupt);
    EXPECT_EQ(open_count(), before);
}

TEST_F(Descriptors, may_be_as_many_as_both_sides_agree_on) {
    const std::vector<int> sent(kMostDescriptors, one_.get());
    ASSERT_TRUE(send_message(pair_.ours.get(), "many", sent, kMostDescriptors).ok());
    const auto received = receive_with_descriptors(pair_.theirs.get(), kMostDescriptors);
    ASSERT_TRUE(received.ok());
    EXPECT_EQ(received->descriptors.size(), kMostDescriptors);
    ASSERT_TRUE(send_message(pair_.ours.get(), "many", sent, kMostDescriptors).ok());
    EXPECT_EQ(receive_with_descriptors(pair_.theirs.get(), kMostDescriptors - 1).error().code,
              Errc::corrupt);
    const std::vector<int> too_many(kMostDescriptors + 1, one_.get());
    EXPECT_EQ(send_message(pair_.ours.get(), "many", too_many, too_many.size()).error().code,
              Errc::invalid_argument);
}

TEST_F(Descriptors, that_nobody_expects_are_dropped) {
    const std::array sent{one_.get()};
    ASSERT_TRUE(send_message(pair_.ours.get(), "one", sent).ok());
    const int before = open_count();
    EXPECT_EQ(receive_message(pair_.theirs.get()).value(), "one");
    EXPECT_EQ(open_count(), before);
}

}  // namespace
}  // namespace mrda::service
