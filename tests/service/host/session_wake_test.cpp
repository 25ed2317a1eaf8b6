// SPDX-License-Identifier: MIT
#include "session_wake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace mrda::service {
namespace {

using ivshmem::WakeBy;
using testing::HasSubstr;

bool can_read(int fd) {
    pollfd asked{fd, POLLIN, 0};
    return ::poll(&asked, 1, 0) > 0;
}

class SessionWakeTest : public testing::Test {
  protected:
    void give_doorbells(std::size_t vectors) {
        region_.doorbells = std::make_shared<Doorbells>();
        for (std::size_t i = 0; i < vectors; ++i) {
            region_.doorbells->host.push_back(ivshmem::make_event().value());
            region_.doorbells->guest.push_back(ivshmem::make_event().value());
        }
        region_.doorbells->connected = true;
    }
    static v1::WakeOffer offer(std::initializer_list<v1::WakeBy> guest,
                               std::initializer_list<v1::WakeBy> host) {
        v1::WakeOffer made;
        for (const auto by : guest) {
            made.add_guest(by);
        }
        for (const auto by : host) {
            made.add_host(by);
        }
        return made;
    }

    std::shared_ptr<SharedRegion> made_ =
        SharedRegion::make(ivshmem::Region::create_memfd("test", 1 << 20).value(), "", "a", "a")
            .value();
    SharedRegion& region_ = *made_;
    v1::WakeOffer best_ = offer({v1::WAKE_BY_DOORBELL, v1::WAKE_BY_STREAM},
                                {v1::WAKE_BY_DOORBELL, v1::WAKE_BY_STREAM});
};

TEST_F(SessionWakeTest, is_by_futex_for_guests_that_offer_nothing_or_that) {
    const SessionWake old = SessionWake::agree({}, region_).value();
    EXPECT_EQ(old.guest(), WakeBy::futex);
    EXPECT_EQ(old.host_event(), -1);
    const auto futex = offer({v1::WAKE_BY_FUTEX}, {v1::WAKE_BY_FUTEX});
    EXPECT_EQ(SessionWake::agree(futex, region_)->host(), WakeBy::futex);
}

TEST_F(SessionWakeTest, takes_a_vector_of_the_device_and_gives_it_back) {
    give_doorbells(2);
    ivshmem::signal_event(region_.doorbells->host[0].get());
    {
        const SessionWake first = SessionWake::agree(best_, region_).value();
        EXPECT_FALSE(can_read(first.host_event())) << "what an earlier session was told";
        const SessionWake second = SessionWake::agree(best_, region_).value();
        v1::WakeAgreement told;
        second.fill(told);
        EXPECT_EQ(told.vector(), 1U);
        EXPECT_EQ(told.host(), v1::WAKE_BY_DOORBELL);
        EXPECT_EQ(told.reason(), "");
        ivshmem::signal_event(second.guest_event());
        EXPECT_TRUE(can_read(region_.doorbells->guest[1].get()));
        EXPECT_FALSE(can_read(region_.doorbells->guest[0].get()));
        const SessionWake third = SessionWake::agree(best_, region_).value();
        EXPECT_EQ(third.guest(), WakeBy::stream);
        third.fill(told);
        EXPECT_THAT(told.reason(), HasSubstr("all 2 vectors"));
    }
    EXPECT_EQ(SessionWake::agree(best_, region_)->host(), WakeBy::doorbell);
}

TEST_F(SessionWakeTest, says_why_a_doorbell_is_not_used) {
    const SessionWake plain = SessionWake::agree(best_, region_).value();
    v1::WakeAgreement told;
    plain.fill(told);
    EXPECT_EQ(told.guest(), v1::WAKE_BY_STREAM);
    EXPECT_THAT(told.reason(), HasSubstr("doorbell device"));
    give_doorbells(1);
    region_.doorbells->connected = false;
    EXPECT_EQ(SessionWake::agree(best_, region_)->host(), WakeBy::stream);
}

TEST_F(SessionWakeTest, may_differ_in_both_directions) {
    give_doorbells(1);
    const SessionWake wake =
        SessionWake::agree(offer({v1::WAKE_BY_POLLING}, {v1::WAKE_BY_DOORBELL}), region_).value();
    EXPECT_EQ(wake.guest(), WakeBy::polling);
    EXPECT_EQ(wake.guest_event(), -1);
    EXPECT_GE(wake.host_event(), 0);
}

TEST_F(SessionWakeTest, refuses_what_no_side_could_sleep_by) {
    const auto half =
        SessionWake::agree(offer({v1::WAKE_BY_DOORBELL}, {v1::WAKE_BY_DOORBELL}), region_);
    EXPECT_EQ(half.error().code, Errc::unsupported);
    EXPECT_THAT(half.error().message, HasSubstr("doorbell device"));
    EXPECT_FALSE(
        SessionWake::agree(offer({v1::WAKE_BY_FUTEX}, {v1::WAKE_BY_STREAM}), region_).ok());
}

}  // namespace
}  // namespace mrda::service
