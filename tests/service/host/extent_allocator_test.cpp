// SPDX-License-Identifier: MIT
#include "extent_allocator.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace mrda::service {
namespace {

constexpr std::uint64_t kPage = 4096;

bool overlap(const ivshmem::Extent& a, const ivshmem::Extent& b) {
    return a.offset_bytes < b.offset_bytes + b.size_bytes &&
           b.offset_bytes < a.offset_bytes + a.size_bytes;
}

RC_GTEST_PROP(ExtentAllocator, never_gives_a_page_twice_and_gets_all_back, ()) {
    constexpr std::uint64_t kPages = 64;
    ExtentAllocator allocator(kPages * kPage);
    std::vector<ivshmem::Extent> held;
    std::uint64_t held_bytes = 0;
    for (int step = 0; step < 100; ++step) {
        if (*rc::gen::arbitrary<bool>() || held.empty()) {
            const std::uint64_t pages = *rc::gen::inRange<std::uint64_t>(1, 20);
            const std::uint64_t wanted =
                *rc::gen::inRange<std::uint64_t>(0, 2 * kPages) * kPage / 2;
            const bool asks = *rc::gen::arbitrary<bool>();
            const auto got = asks ? allocator.allocate(pages * kPage, wanted)
                                  : allocator.allocate(pages * kPage);
            if (!got) {
                continue;
            }
            RC_ASSERT(got->offset_bytes % kPage == 0);
            RC_ASSERT(got->offset_bytes + got->size_bytes <= kPages * kPage);
            for (const auto& other : held) {
                RC_ASSERT(!overlap(*got, other));
            }
            held.push_back(*got);
            held_bytes += got->size_bytes;
        } else {
            const auto index = *rc::gen::inRange<std::size_t>(0, held.size());
            allocator.free(held[index]);
            held_bytes -= held[index].size_bytes;
            held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
        }
        RC_ASSERT(allocator.free_bytes() == kPages * kPage - held_bytes);
    }
    for (const auto& extent : held) {
        allocator.free(extent);
    }
    RC_ASSERT(allocator.largest_gap_bytes() == kPages * kPage);
}

TEST(ExtentAllocator, gives_the_wanted_place_where_it_is_free_and_another_where_it_is_not) {
    ExtentAllocator allocator(8 * kPage);
    const auto middle = allocator.allocate(2 * kPage, 3 * kPage);
    ASSERT_TRUE(middle);
    EXPECT_EQ(middle->offset_bytes, 3 * kPage);
    EXPECT_EQ(allocator.allocate(kPage, 4 * kPage)->offset_bytes, 0U) << "somebody has it";
    EXPECT_EQ(allocator.allocate(kPage, ~std::uint64_t{0} - kPage + 1)->offset_bytes, kPage)
        << "beyond the end";
    EXPECT_EQ(allocator.allocate(2 * kPage, 5 * kPage + 1)->offset_bytes, 5 * kPage)
        << "no page begins there";
    allocator.free(*middle);
    EXPECT_EQ(allocator.largest_gap_bytes(), 3 * kPage);
}

TEST(ExtentAllocator, refuses_what_fits_only_in_pieces) {
    ExtentAllocator allocator(3 * kPage);
    const auto first = allocator.allocate(kPage);
    const auto second = allocator.allocate(kPage);
    const auto third = allocator.allocate(kPage);
    ASSERT_TRUE(first && second && third);
    allocator.free(*first);
    allocator.free(*third);
    EXPECT_EQ(allocator.free_bytes(), 2 * kPage);
    EXPECT_EQ(allocator.largest_gap_bytes(), kPage);
    EXPECT_FALSE(allocator.allocate(2 * kPage).has_value());
    allocator.free(*second);
    EXPECT_TRUE(allocator.allocate(3 * kPage).has_value());
}

}  // namespace
}  // namespace mrda::service
