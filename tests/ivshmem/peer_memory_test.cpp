// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/peer_memory.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "mrda/ivshmem/wire_format.h"

namespace mrda::ivshmem {
namespace {

class PeerMemoryTest : public testing::Test {
  protected:
    alignas(4096) std::array<std::byte, 8192> bytes_{};
    PeerMemory memory_{bytes_.data(), bytes_.size()};
};

TEST_F(PeerMemoryTest, a_range_shows_the_same_bytes) {
    const auto second = memory_.range(4096, 4096);
    ASSERT_TRUE(second.ok());
    second->store(64, 5, std::memory_order_relaxed);
    EXPECT_EQ(memory_.load(4096 + 64, std::memory_order_relaxed), 5U);
}

TEST_F(PeerMemoryTest, a_range_outside_is_refused_without_overflow) {
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    EXPECT_FALSE(memory_.range(8192, 64).ok());
    EXPECT_FALSE(memory_.range(64, 8192).ok());
    EXPECT_FALSE(memory_.range(64, most).ok());
    EXPECT_FALSE(memory_.range(most - 63, 128).ok());
    EXPECT_FALSE(memory_.range(8, 64).ok());
    EXPECT_TRUE(memory_.range(8192, 0).ok());
}

TEST_F(PeerMemoryTest, what_is_published_is_copied_back) {
    const Descriptor sent{.sequence = 1, .kind = 2, .flags = 3, .slot = 4, .bytes = 5, .pts = -6};
    memory_.publish(128, sent);
    const auto seen = memory_.copy<Descriptor>(128);
    EXPECT_EQ(seen.sequence, 1U);
    EXPECT_EQ(seen.kind, 2U);
    EXPECT_EQ(seen.flags, 3U);
    EXPECT_EQ(seen.slot, 4U);
    EXPECT_EQ(seen.bytes, 5U);
    EXPECT_EQ(seen.pts, -6);
}

TEST_F(PeerMemoryTest, a_word_outside_is_a_bug_that_ends_the_process) {
    EXPECT_DEATH(static_cast<void>(memory_.load(8192, std::memory_order_relaxed)), "");
    EXPECT_DEATH(static_cast<void>(memory_.load(2, std::memory_order_relaxed)), "");
    EXPECT_DEATH(static_cast<void>(memory_.copy<Descriptor>(8192 - 8)), "");
}

}  // namespace
}  // namespace mrda::ivshmem
