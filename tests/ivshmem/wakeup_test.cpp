// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/wakeup.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "mrda/ivshmem/channel.h"
#include "mrda/ivshmem/region.h"

namespace mrda::ivshmem {
namespace {

constexpr std::uint64_t kPatienceNs = 20'000'000'000;

bool can_read(const Fd& fd) {
    pollfd asked{fd.get(), POLLIN, 0};
    return ::poll(&asked, 1, 0) > 0;
}

TEST(WakeBy, has_a_name_that_is_read_again_and_a_feature_bit) {
    std::uint64_t features = 0;
    for (const WakeBy by : {WakeBy::futex, WakeBy::doorbell, WakeBy::stream, WakeBy::polling}) {
        EXPECT_EQ(parse_wake_by(to_string(by)), by);
        EXPECT_EQ(features & feature_of(by), 0U);
        features |= feature_of(by);
    }
    EXPECT_EQ(parse_wake_by("carrier pigeon"), std::nullopt);
}

TEST(EventBell, can_be_heard_and_its_counts_are_one) {
    const Fd event = make_event().value();
    const auto bell = make_event_bell(duplicate_fd(event.get()).value());
    bell->ring();
    bell->ring();
    EXPECT_TRUE(can_read(event));
    clear_event(event.get());
    EXPECT_FALSE(can_read(event));
    clear_event(event.get());  // Nothing to clear: does not wait.
}

TEST(EventWakeup, sleeps_until_it_is_woken_by_the_other_side_or_its_own) {
    const Fd event = make_event().value();
    const auto wakeup = make_event_wakeup(duplicate_fd(event.get()).value(), nullptr);
    signal_event(event.get());
    EXPECT_TRUE(wakeup->sleep(now_ns() + kPatienceNs, 0));
    EXPECT_FALSE(can_read(event)) << "what woke it is taken";
    const std::jthread other([&] { wakeup->wake_self(); });
    EXPECT_TRUE(wakeup->sleep(now_ns() + kPatienceNs, 0));
    wakeup->wake_peer();  // Nobody is to be woken.
}

TEST(EventWakeup, ends_at_its_deadline) {
    const auto wakeup = make_event_wakeup(make_event().value(), nullptr);
    const std::uint64_t deadline_ns = now_ns() + 2'000'000;
    EXPECT_TRUE(wakeup->sleep(deadline_ns, 0));
    EXPECT_GE(now_ns(), deadline_ns);
}

TEST(EventWakeup, is_over_where_the_other_event_says_so) {
    const Fd removal = make_event().value();
    bool gone = false;
    const auto wakeup =
        make_event_wakeup(make_event().value(), nullptr, {removal.get(), [&] {
                                                              clear_event(removal.get());
                                                              return !gone;
                                                          }});
    signal_event(removal.get());
    EXPECT_TRUE(wakeup->sleep(now_ns() + kPatienceNs, 0)) << "another device was removed";
    gone = true;
    signal_event(removal.get());
    EXPECT_FALSE(wakeup->sleep(kNoDeadline, 0));
}

TEST(PollingWakeup, looks_again_by_itself_ever_less_often) {
    const auto wakeup = make_polling_wakeup(nullptr).value();
    const std::uint64_t begin_ns = now_ns();
    EXPECT_TRUE(wakeup->sleep(kNoDeadline, 0));
    const std::uint64_t first_ns = now_ns() - begin_ns;
    EXPECT_GE(first_ns, 50'000U);
    const std::uint64_t later_ns = now_ns();
    EXPECT_TRUE(wakeup->sleep(kNoDeadline, 1'000));
    EXPECT_GE(now_ns() - later_ns, 2'000'000U);
    wakeup->wake_self();
    EXPECT_TRUE(wakeup->sleep(kNoDeadline, 1'000));
}

/// Two sides without a futex: by events, and by looking.
class ChannelWakeup : public testing::TestWithParam<bool> {
  protected:
    void SetUp() override {
        ASSERT_TRUE(
            Channel::initialise(control(), layout_, layout_.header(1, 1, kFeatureStream)).ok());
    }
    [[nodiscard]] PeerMemory control() const { return mapping_.control(layout_.control_bytes()); }
    [[nodiscard]] std::unique_ptr<Wakeup> wakeup(const Fd& own, const Fd& peer) const {
        if (GetParam()) {
            return make_polling_wakeup(nullptr).value();
        }
        return make_event_wakeup(duplicate_fd(own.get()).value(),
                                 make_event_bell(duplicate_fd(peer.get()).value()));
    }

    SessionLayout layout_ = SessionLayout::make({2, kPageBytes, 2, kPageBytes}).value();
    Region region_ = Region::create_memfd("test", layout_.input_extent_bytes()).value();
    Mapping mapping_ = Mapping::map(region_.fd(), {0, layout_.input_extent_bytes()}).value();
};

TEST_P(ChannelWakeup, carries_every_descriptor_there_and_back) {
    constexpr std::uint64_t kRounds = 2'000;
    const Fd to_host = make_event().value();
    const Fd to_guest = make_event().value();
    std::jthread host([&] {
        Channel channel =
            Channel::attach(control(), layout_, Channel::Side::host, wakeup(to_host, to_guest))
                .value();
        for (std::uint64_t round = 0; round < kRounds;) {
            if (const auto descriptor = channel.receive().value()) {
                EXPECT_TRUE(channel.send(*descriptor).value());
                ++round;
            } else {
                static_cast<void>(channel.wait(now_ns() + kPatienceNs));
            }
        }
    });
    Channel channel =
        Channel::attach(control(), layout_, Channel::Side::guest, wakeup(to_guest, to_host))
            .value();
    for (std::uint64_t round = 0; round < kRounds; ++round) {
        Descriptor descriptor{};
        descriptor.cookie = round;
        ASSERT_TRUE(channel.send(descriptor).value());
        ASSERT_TRUE(channel.wait(now_ns() + kPatienceNs)) << "round " << round;
        ASSERT_EQ(channel.receive().value()->cookie, round);
    }
}

INSTANTIATE_TEST_SUITE_P(Ways, ChannelWakeup, testing::Bool(),
                         [](const auto& way) { return way.param ? "polling" : "events"; });

}  // namespace
}  // namespace mrda::ivshmem
