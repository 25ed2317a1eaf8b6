// SPDX-License-Identifier: MIT
#include "event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace mrda::service {
namespace {

struct Pipe {
    Fd read;
    Fd write;
    Pipe() {
        int ends[2] = {-1, -1};
        if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
            read.reset(ends[0]);
            write.reset(ends[1]);
        }
    }
};

TEST(EventLoop, runs_what_other_threads_post_in_order) {
    const auto loop = EventLoop::create().value();
    std::vector<int> seen;
    std::thread poster([&] {
        for (int i = 0; i < 100; ++i) {
            loop->post([&seen, i] { seen.push_back(i); });
        }
        loop->stop();
    });
    loop->run();
    poster.join();
    ASSERT_EQ(seen.size(), 100U);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(EventLoop, timers_come_in_the_order_of_their_times) {
    const auto loop = EventLoop::create().value();
    std::string order;
    loop->after(3'000'000, [&] { order += 'c'; });
    loop->after(1'000'000, [&] { order += 'a'; });
    const auto cancelled = loop->after(2'000'000, [&] { order += 'x'; });
    loop->after(2'000'000, [&] { order += 'b'; });
    loop->after(4'000'000, [&] { loop->stop(); });
    loop->cancel(cancelled);
    loop->run();
    EXPECT_EQ(order, "abc");
}

TEST(EventLoop, a_watch_may_forget_itself_and_others) {
    const auto loop = EventLoop::create().value();
    Pipe first;
    Pipe second;
    ASSERT_EQ(::write(first.write.get(), "x", 1), 1);
    ASSERT_EQ(::write(second.write.get(), "x", 1), 1);
    int called = 0;
    EventLoop::Id one = 0;
    EventLoop::Id two = 0;
    const auto forget_both = [&] {
        ++called;
        loop->forget(one);
        loop->forget(two);
        loop->stop();
    };
    one = loop->watch(first.read.get(), forget_both).value();
    two = loop->watch(second.read.get(), forget_both).value();
    loop->run();
    EXPECT_EQ(called, 1);
}

TEST(EventLoop, a_hang_up_is_heard) {
    const auto loop = EventLoop::create().value();
    Pipe pipe;
    ASSERT_TRUE(loop->watch(pipe.read.get(), [&] { loop->stop(); }).ok());
    pipe.write.reset();
    loop->run();
}

TEST(EventLoop, a_file_cannot_be_watched_and_the_error_says_so) {
    const auto loop = EventLoop::create().value();
    const Fd closed;
    EXPECT_FALSE(loop->watch(closed.get(), [] {}).ok());
}

}  // namespace
}  // namespace mrda::service
