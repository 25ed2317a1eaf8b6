// SPDX-License-Identifier: MIT
#include "mrda/interop/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

namespace mrda {
namespace {

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

Fd open_null() {
    return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

TEST(Fd, closes_once_after_move) {
    int number = -1;
    {
        Fd first = open_null();
        number = first.get();
        Fd second = std::move(first);
        EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move): that is the test.
        EXPECT_EQ(second.get(), number);
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(Fd, release_leaves_the_descriptor_open) {
    int number = -1;
    {
        Fd fd = open_null();
        number = fd.release();
    }
    EXPECT_TRUE(is_open(number));
    EXPECT_EQ(::close(number), 0);
}

TEST(Fd, move_assignment_closes_what_was_held) {
    Fd first = open_null();
    Fd second = open_null();
    const int closed = first.get();
    const int kept = second.get();
    first = std::move(second);
    EXPECT_FALSE(is_open(closed));
    EXPECT_EQ(first.get(), kept);
    EXPECT_TRUE(is_open(kept));
}

TEST(Fd, duplicate_is_another_descriptor_closed_on_exec) {
    Fd fd = open_null();
    auto copy = duplicate_fd(fd.get());
    ASSERT_TRUE(copy.ok());
    EXPECT_NE(copy->get(), fd.get());
    EXPECT_EQ(::fcntl(copy->get(), F_GETFD), FD_CLOEXEC);
}

TEST(Fd, duplicate_of_a_closed_descriptor_names_it) {
    int number = -1;
    {
        Fd fd = open_null();
        number = fd.get();
    }
    auto copy = duplicate_fd(number);
    ASSERT_FALSE(copy.ok());
    EXPECT_EQ(copy.error().code, Errc::invalid_argument);
    EXPECT_EQ(copy.error().native, EBADF);
    EXPECT_NE(to_string(copy.error()).find("fd " + std::to_string(number)), std::string::npos);
}

}  // namespace
}  // namespace mrda
