// SPDX-License-Identifier: MIT
#include "session_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace mrda::service {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kMiB = 1 << 20;

class SessionMemoryTest : public testing::Test {
  protected:
    static std::shared_ptr<SharedRegion> region(const char* name, std::uint64_t size_bytes) {
        return SharedRegion::make(ivshmem::Region::create_memfd(name, size_bytes).value(), "", "a",
                                  name)
            .value();
    }
    static ivshmem::SessionLayout layout(std::uint64_t in_bytes, std::uint64_t out_bytes) {
        return ivshmem::SessionLayout::make({1, in_bytes, 1, out_bytes}).value();
    }
    static std::string refusal(const SessionRegions& regions,
                               const ivshmem::SessionLayout& layout) {
        const auto memory = SessionMemory::carve(regions, layout, {});
        EXPECT_FALSE(memory.ok());
        EXPECT_EQ(memory.error().code, Errc::exhausted);
        return memory.error().message;
    }
};

TEST_F(SessionMemoryTest, says_what_both_directions_need_of_one_region) {
    const auto one = region("a", 4 * kMiB);
    EXPECT_THAT(refusal({one, one}, layout(3 * kMiB, 2 * kMiB)),
                AllOf(HasSubstr("for input and"), HasSubstr("and --memory 8388608")));
    EXPECT_EQ(one->extents.free_bytes(), one->extents.size_bytes()) << "and gives all back";
}

TEST_F(SessionMemoryTest, says_which_of_two_regions_is_too_small) {
    const auto in = region("a.in", 4 * kMiB);
    const auto out = region("a.out", 4 * kMiB);
    EXPECT_THAT(refusal({in, out}, layout(5 * kMiB, kMiB)),
                AllOf(HasSubstr("and --memory 8388608"), Not(HasSubstr("--out-memory"))));
    EXPECT_THAT(refusal({in, out}, layout(kMiB, 5 * kMiB)),
                HasSubstr("with and --out-memory 8388608"));
    EXPECT_THAT(refusal({in, out}, layout(5 * kMiB, 5 * kMiB)),
                HasSubstr("--memory 8388608 --out-memory 8388608"));
    EXPECT_EQ(in->extents.free_bytes(), in->extents.size_bytes());
}

TEST_F(SessionMemoryTest, that_is_in_pieces_is_not_to_be_made_larger) {
    const auto in = region("a.in", 16 * kMiB);
    const auto out = region("a.out", 4 * kMiB);
    ASSERT_TRUE(in->extents.allocate(4 * kMiB, 6 * kMiB));
    EXPECT_THAT(refusal({in, out}, layout(7 * kMiB, kMiB)),
                AllOf(HasSubstr("stop another session"), HasSubstr("6291456 in one piece"),
                      Not(HasSubstr("--memory"))));
}

}  // namespace
}  // namespace mrda::service
