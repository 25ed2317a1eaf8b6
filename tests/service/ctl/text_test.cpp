// SPDX-License-Identifier: MIT
#include "text.h"

#include <gtest/gtest.h>

namespace mrda::ctl {
namespace {

TEST(Text, sizes_are_powers_of_1024) {
    EXPECT_EQ(parse_size("4096"), 4096U);
    EXPECT_EQ(parse_size("1b"), 1U);
    EXPECT_EQ(parse_size("2k"), 2048U);
    for (const char* const text : {"64M", "64m", "64MB", "64MiB"}) {
        EXPECT_EQ(parse_size(text), std::uint64_t{64} << 20U) << text;
    }
    EXPECT_EQ(parse_size("3G"), std::uint64_t{3} << 30U);
    EXPECT_EQ(parse_size("16777215T"), std::uint64_t{16777215} << 40U);
}

TEST(Text, what_is_no_size_is_none) {
    for (const char* const text : {"", "M", "-5", "+5", " 5", "5 ", "64X", "64Mi", "64MBs", "0x10",
                                   "1.5G", "moon", "16777216T", "18446744073709551616"}) {
        EXPECT_EQ(parse_size(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace mrda::ctl
