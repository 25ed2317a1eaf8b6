// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/session_layout.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>

namespace mrda::ivshmem {
namespace {

constexpr SlotCounts kSmall{
    .input_slots = 3, .input_slot_bytes = 5000, .output_slots = 2, .output_slot_bytes = 100};

TEST(SessionLayout, slots_are_whole_pages_behind_the_control_pages) {
    const auto layout = SessionLayout::make(kSmall);
    ASSERT_TRUE(layout.ok());
    EXPECT_EQ(layout->input_slot_bytes(), 8192U);
    EXPECT_EQ(layout->output_slot_bytes(), 4096U);
    EXPECT_EQ(layout->ring_capacity(), 64U);
    EXPECT_EQ(layout->guest_ring_offset(), 3U * 4096);
    EXPECT_EQ(layout->host_ring_offset(), 4U * 4096);
    EXPECT_EQ(layout->input_slot_offset(0), 5U * 4096);
    EXPECT_EQ(layout->input_slot_offset(2), 9U * 4096);
    EXPECT_EQ(layout->input_extent_bytes(), 11U * 4096);
    EXPECT_EQ(layout->output_extent_bytes(), 2U * 4096);
}

RC_GTEST_PROP(SessionLayout, whatever_is_made_fits_and_no_ring_can_be_full, ()) {
    const auto layout = SessionLayout::make(
        {.input_slots = *rc::gen::inRange<std::uint32_t>(0, kMaxSlots + 2),
         .input_slot_bytes = *rc::gen::inRange<std::uint64_t>(0, kMaxSlotBytes + 2),
         .output_slots = *rc::gen::inRange<std::uint32_t>(0, kMaxSlots + 2),
         .output_slot_bytes = *rc::gen::inRange<std::uint64_t>(0, kMaxSlotBytes + 2)});
    if (!layout.ok()) {
        RC_ASSERT(layout.error().code == Errc::invalid_argument);
        return;
    }
    RC_ASSERT(std::has_single_bit(layout->ring_capacity()));
    RC_ASSERT(layout->ring_capacity() > layout->input_slots() + layout->output_slots());
    RC_ASSERT(layout->ring_bytes() % kPageBytes == 0U);
    RC_ASSERT(layout->input_slot_offset(0) == layout->control_bytes());
    RC_ASSERT(layout->input_slot_offset(layout->input_slots() - 1) + layout->input_slot_bytes() ==
              layout->input_extent_bytes());
    RC_ASSERT(layout->input_extent_bytes() % kPageBytes == 0U);
    RC_ASSERT(layout->output_extent_bytes() % kPageBytes == 0U);
}

TEST(SessionLayout, counts_and_sizes_out_of_range_are_named) {
    SlotCounts slots = kSmall;
    slots.input_slots = 1025;
    auto refused = SessionLayout::make(slots);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("1025 input slots"), std::string::npos);
    slots = kSmall;
    slots.output_slot_bytes = 0;
    refused = SessionLayout::make(slots);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("output slots of 0 bytes"), std::string::npos);
}

TEST(SessionLayout, a_peers_layout_must_be_the_one_that_we_would_make) {
    const auto ours = SessionLayout::make(kSmall);
    ASSERT_TRUE(ours.ok());
    SlotCounts told{.input_slots = ours->input_slots(),
                    .input_slot_bytes = ours->input_slot_bytes(),
                    .output_slots = ours->output_slots(),
                    .output_slot_bytes = ours->output_slot_bytes()};
    const auto same = SessionLayout::from_peer(told, ours->ring_capacity());
    ASSERT_TRUE(same.ok());
    EXPECT_EQ(*same, *ours);
    EXPECT_FALSE(SessionLayout::from_peer(told, 63).ok());
    told.input_slot_bytes = 5000;
    EXPECT_FALSE(SessionLayout::from_peer(told, ours->ring_capacity()).ok());
}

class Header : public testing::Test {
  protected:
    Errc code_of(const SessionHeader& header) {
        const auto checked = check_header(header, layout_, 7, 2);
        return checked.ok() ? Errc::internal : checked.error().code;
    }
    SessionLayout layout_ = SessionLayout::make(kSmall).value();
    SessionHeader good_ = layout_.header(7, 2, kFeatureFutex);
};

TEST_F(Header, of_the_same_session_is_accepted) {
    EXPECT_TRUE(check_header(good_, layout_, 7, 2).ok());
}

TEST_F(Header, of_a_newer_minor_version_is_accepted) {
    good_.version_minor = 9;
    good_.header_bytes = 128;
    good_.features |= 1U << 20;
    EXPECT_TRUE(check_header(good_, layout_, 7, 2).ok());
}

TEST_F(Header, of_a_host_that_nobody_here_can_wake_names_its_feature_bits) {
    for (const std::uint64_t features :
         {std::uint64_t{0}, std::uint64_t{16}, std::uint64_t{16 | 64}}) {
        good_.features = features;
        const auto checked = check_header(good_, layout_, 7, 2);
        ASSERT_FALSE(checked.ok());
        EXPECT_EQ(checked.error().code, Errc::unsupported);
        EXPECT_NE(checked.error().message.find("bits are " + std::to_string(features)),
                  std::string::npos);
    }
}

TEST_F(Header, of_another_major_version_names_both) {
    good_.version_major = 2;
    const auto checked = check_header(good_, layout_, 7, 2);
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().code, Errc::unsupported);
    EXPECT_NE(checked.error().message.find("2.1"), std::string::npos);
    EXPECT_NE(checked.error().message.find("1.1"), std::string::npos);
}

TEST_F(Header, of_anything_else_is_told_apart) {
    SessionHeader other = good_;
    other.magic = 0;
    EXPECT_EQ(code_of(other), Errc::corrupt);
    other = good_;
    other.epoch = 3;
    EXPECT_EQ(code_of(other), Errc::busy);
    other = good_;
    other.session_id = 8;
    EXPECT_EQ(code_of(other), Errc::busy);
    other = good_;
    other.input_slots = 4;
    EXPECT_EQ(code_of(other), Errc::corrupt);
    other = good_;
    other.output_slot_bytes = 1;
    EXPECT_EQ(code_of(other), Errc::corrupt);
}

}  // namespace
}  // namespace mrda::ivshmem
