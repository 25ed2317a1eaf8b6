// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "encoder_fixture.h"
#include "support/platform.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MRDA_COUNTS_ALLOCATIONS 0  // The sanitizers bring an operator new of their own.
#else
#define MRDA_COUNTS_ALLOCATIONS 1
#endif

namespace {

// Of this thread, while it looks.
thread_local bool counting = false;
thread_local std::size_t allocations = 0;

}  // namespace

#if MRDA_COUNTS_ALLOCATIONS
void* operator new(std::size_t bytes) {
    allocations += counting ? 1 : 0;
    if (void* memory = std::malloc(bytes != 0 ? bytes : 1)) {
        return memory;
    }
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
#endif

namespace mrda::vpl {
namespace {

using VplEncoderAllocation = test::EncoderTest;

/// How often this thread allocates while it runs `work`.
template <typename Work>
std::size_t count_allocations(Work work) {
    allocations = 0;
    counting = true;
    work();
    counting = false;
    return allocations;
}

TEST_F(VplEncoderAllocation, is_seen_by_this_test_where_there_is_one) {
    if (!MRDA_COUNTS_ALLOCATIONS) {
        GTEST_SKIP() << "allocations cannot be counted under a sanitizer";
    }
    EXPECT_EQ(count_allocations([] { std::vector<int> one(3); }), 1U);
}

TEST_F(VplEncoderAllocation, does_not_happen_per_frame) {
    if (!MRDA_COUNTS_ALLOCATIONS) {
        GTEST_SKIP() << "allocations cannot be counted under a sanitizer";
    }
    MRDA_ONLY_ON(software, "a GPU's runtime allocates on this thread too, and is none of ours");
    constexpr std::int64_t kWarmUpFrames = 20;
    constexpr std::int64_t kFrames = 60;
    auto encoder = create(small_config(Codec::avc));
    std::size_t packets = 0;
    std::size_t counted = 0;
    for (std::int64_t frame = 0; frame < kFrames; ++frame) {
        const std::size_t index = wait_for_free_surface(*encoder);
        const std::size_t now = count_allocations([&] {
            const auto taken = encoder->submit(index, frame * kFrameTicks, Sync::idle());
            const auto received = encoder->receive();
            packets +=
                taken.ok() && received.ok() && received->status == Received::Status::packet ? 1 : 0;
        });
        counted += frame < kWarmUpFrames ? 0 : now;
    }
    EXPECT_EQ(counted, 0U);
    EXPECT_GT(packets, 50U);
}

}  // namespace
}  // namespace mrda::vpl
