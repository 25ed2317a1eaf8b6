// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/channel.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "mrda/ivshmem/region.h"

namespace mrda::ivshmem {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

class ChannelTest : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(
            Channel::initialise(control(), layout_, layout_.header(1, 1, kFeatureFutex)).ok());
    }
    [[nodiscard]] PeerMemory control() const { return mapping_.control(layout_.control_bytes()); }
    [[nodiscard]] Channel attach(Channel::Side side) const {
        return Channel::attach(control(), layout_, side).value();
    }

    SessionLayout layout_ =
        SessionLayout::make(
            {.input_slots = 2, .input_slot_bytes = 1, .output_slots = 2, .output_slot_bytes = 1})
            .value();
    Region region_ = Region::create_memfd("channel_test", layout_.input_extent_bytes()).value();
    Mapping mapping_ = Mapping::map(region_.fd(), {0, region_.size_bytes()}).value();
};

Descriptor numbered(std::uint64_t number) {
    Descriptor descriptor{};
    descriptor.cookie = number;
    return descriptor;
}

/// Sends back whatever comes, until something with cookie 0 does.
void echo(Channel channel) {
    for (;;) {
        const auto got = channel.receive().value();
        if (!got) {
            static_cast<void>(channel.wait(kNoDeadline));
            continue;
        }
        if (!channel.send(*got).ok() || got->cookie == 0) {
            return;
        }
    }
}

/// Sends 1, 2, 3 … and 0, and counts what comes back wrong, late, or not at all.
int count_failed_round_trips(Channel& channel, std::uint64_t count) {
    int failed = 0;
    for (std::uint64_t i = 1; i <= count; ++i) {
        const std::uint64_t cookie = i == count ? 0 : i;
        const auto sent = channel.send(numbered(cookie));
        const bool came = sent.ok() && *sent && channel.wait(now_ns() + 20'000 * kMs);
        const auto got = came ? channel.receive().value() : std::nullopt;
        failed += got && got->cookie == cookie ? 0 : 1;
    }
    return failed;
}

TEST_F(ChannelTest, carries_both_ways_between_threads) {
    std::thread host(echo, attach(Channel::Side::host));
    Channel guest = attach(Channel::Side::guest);
    EXPECT_EQ(count_failed_round_trips(guest, 2'000), 0);
    host.join();
}

TEST_F(ChannelTest, carries_both_ways_between_processes_that_sleep) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        echo(attach(Channel::Side::host));
        ::_exit(0);
    }
    Channel guest = attach(Channel::Side::guest);
    int failed = 0;
    for (int i = 0; i < 20; ++i) {
        ::usleep(2'000);  // Long beyond any spinning: the other side sleeps now.
        const auto sent = guest.send(numbered(5));
        failed += sent.ok() && *sent ? 0 : 1;
        failed += guest.wait(now_ns() + 20'000 * kMs) && guest.receive().value() ? 0 : 1;
    }
    failed += count_failed_round_trips(guest, 100);
    EXPECT_EQ(failed, 0);
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST_F(ChannelTest, wait_ends_at_its_deadline) {
    Channel guest = attach(Channel::Side::guest);
    const std::uint64_t begin = now_ns();
    EXPECT_FALSE(guest.wait(begin + 20 * kMs));
    EXPECT_GE(now_ns() - begin, 20 * kMs);
    EXPECT_FALSE(guest.wait(0));
}

TEST_F(ChannelTest, interrupt_ends_a_wait_or_the_next_one) {
    Channel guest = attach(Channel::Side::guest);
    guest.interrupt();
    EXPECT_FALSE(guest.wait(kNoDeadline));
    std::thread other([&guest] { guest.interrupt(); });
    EXPECT_FALSE(guest.wait(kNoDeadline));
    other.join();
}

TEST_F(ChannelTest, a_peer_that_scribbles_over_the_sleep_word_cannot_hold_a_wait) {
    Channel host = attach(Channel::Side::host);
    const PeerMemory page = control().range(kHostPage * kPageBytes, kPageBytes).value();
    std::atomic<bool> stop = false;
    std::thread scribbler([&] {
        for (std::uint32_t value = 0; !stop; ++value) {
            page.store(kSleepOffset, value, std::memory_order_relaxed);
        }
    });
    EXPECT_FALSE(host.wait(now_ns() + 50 * kMs));
    host.interrupt();
    EXPECT_FALSE(host.wait(now_ns() + 20'000 * kMs));
    stop = true;
    scribbler.join();
}

TEST_F(ChannelTest, too_little_control_memory_is_refused) {
    const PeerMemory small(mapping_.data(), 4 * kPageBytes);
    EXPECT_EQ(Channel::attach(small, layout_, Channel::Side::host).error().code,
              Errc::invalid_argument);
    EXPECT_FALSE(Channel::initialise(small, layout_, layout_.header(1, 1, 0)).ok());
}

}  // namespace
}  // namespace mrda::ivshmem
