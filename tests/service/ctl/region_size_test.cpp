// SPDX-License-Identifier: MIT
#include "region_size.h"

#include <gtest/gtest.h>

#include <bit>

namespace mrda::ctl {
namespace {

TEST(RegionSize, is_whole_pages_for_whole_macroblocks_and_a_power_of_two_for_a_bar) {
    const auto size = region_size("1920x1080", "NV12", 8);
    ASSERT_TRUE(size.ok());
    EXPECT_EQ(size->slot_bytes, std::uint64_t{1920} * 1088 * 3 / 2);
    EXPECT_GE(size->input_bytes, 8 * size->slot_bytes);
    EXPECT_GE(size->output_bytes, 10 * size->slot_bytes) << "a quarter more for coded frames";
    EXPECT_TRUE(std::has_single_bit(size->region_bytes));
    EXPECT_GE(size->region_bytes, size->input_bytes + size->output_bytes);
}

TEST(RegionSize, takes_a_format_in_small_letters_and_a_modifier_as_it_is) {
    EXPECT_EQ(region_size("64x64", "nv12", 8).value().slot_bytes,
              region_size("64x64", "NV12", 8).value().slot_bytes);
    EXPECT_TRUE(region_size("64x64", "nv12:0x0", 8).ok());
}

TEST(RegionSize, names_what_is_wrong) {
    for (const char* size : {"", "1920", "1920x", "x1080", "1920x1080x2", "100000x1", "-1x1"}) {
        const auto refused = region_size(size, "NV12", 8);
        ASSERT_FALSE(refused.ok()) << size;
        EXPECT_NE(refused.error().message.find(size), std::string::npos);
    }
    EXPECT_FALSE(region_size("64x64", "XYZ1", 8).ok());
    EXPECT_FALSE(region_size("64x64", "NV12", 0).ok());
    EXPECT_FALSE(region_size("64x64", "NV12", 100'000).ok());
}

}  // namespace
}  // namespace mrda::ctl
