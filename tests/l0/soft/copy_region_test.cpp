// SPDX-License-Identifier: MIT
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

#include "ze_fixture.h"

namespace mrda::ze_soft_test {

class SoftRegionCopy : public SoftDevice {
  protected:
    void SetUp() override {
        SoftDevice::SetUp();
        list_ = new_immediate_list(ZE_COMMAND_QUEUE_MODE_SYNCHRONOUS);
    }
    void TearDown() override {
        EXPECT_EQ(zeCommandListDestroy(list_), ZE_RESULT_SUCCESS);
        SoftDevice::TearDown();
    }

    struct Side {
        ze_copy_region_t region;
        uint32_t pitch;
        uint32_t slice_pitch;
    };
    ze_result_t copy(void* destination, const Side& to, const void* source, const Side& from) {
        return zeCommandListAppendMemoryCopyRegion(list_, destination, &to.region, to.pitch,
                                                   to.slice_pitch, source, &from.region, from.pitch,
                                                   from.slice_pitch, nullptr, 0, nullptr);
    }

    ze_command_list_handle_t list_ = nullptr;
};

namespace {

std::size_t at(uint32_t pitch, uint32_t slice_pitch, uint32_t x, uint32_t y, uint32_t z) {
    return std::size_t{z} * slice_pitch + std::size_t{y} * pitch + x;
}

}  // namespace

TEST_F(SoftRegionCopy, moves_exactly_the_box_for_any_pitch_and_origin) {
    EXPECT_TRUE(rc::check([this] {
        const auto small = [](uint32_t from, uint32_t to) {
            return *rc::gen::inRange<uint32_t>(from, to);
        };
        const uint32_t width = small(1, 20);
        const uint32_t height = small(1, 6);
        const uint32_t depth = small(0, 4);
        const auto side = [&] {
            Side made = {
                {small(0, 9), small(0, 4), depth == 0 ? 0 : small(0, 3), width, height, depth},
                0,
                0};
            made.pitch = made.region.originX + width + small(0, 7);
            made.slice_pitch = made.pitch * (made.region.originY + height + small(0, 3));
            return made;
        };
        const Side to = side();
        const Side from = side();
        const auto bytes = [](const Side& s) {
            return std::size_t{s.slice_pitch} * (s.region.originZ + std::max(s.region.depth, 1U));
        };
        const std::vector<uint8_t> source = *rc::gen::container<std::vector<uint8_t>>(
            bytes(from), rc::gen::inRange<uint8_t>(0, 200));
        std::vector<uint8_t> destination(bytes(to), 0xee);
        RC_ASSERT(copy(destination.data(), to, source.data(), from) == ZE_RESULT_SUCCESS);

        std::vector<uint8_t> expected(bytes(to), 0xee);
        for (uint32_t z = 0; z < std::max(depth, 1U); ++z) {
            for (uint32_t y = 0; y < height; ++y) {
                for (uint32_t x = 0; x < width; ++x) {
                    const auto& a = to.region;
                    const auto& b = from.region;
                    expected[at(to.pitch, to.slice_pitch, a.originX + x, a.originY + y,
                                a.originZ + z)] =
                        source[at(from.pitch, from.slice_pitch, b.originX + x, b.originY + y,
                                  b.originZ + z)];
                }
            }
        }
        RC_ASSERT(destination == expected);
    }));
}

// The reference: mark every byte of one box, look for any in the other.
TEST_F(SoftRegionCopy, overlap_is_refused_exactly_when_the_boxes_share_a_byte) {
    EXPECT_TRUE(rc::check([this] {
        constexpr uint32_t kPitch = 16;
        constexpr uint32_t kSlicePitch = kPitch * 8;
        const auto small = [](uint32_t from, uint32_t to) {
            return *rc::gen::inRange<uint32_t>(from, to);
        };
        const uint32_t width = small(1, 9);
        const uint32_t height = small(1, 5);
        const uint32_t depth = small(1, 4);
        const auto side = [&] {
            return Side{
                {small(0, 17 - width), small(0, 9 - height), small(0, 3), width, height, depth},
                kPitch,
                kSlicePitch};
        };
        const Side to = side();
        const Side from = side();
        std::vector<uint8_t> memory(kSlicePitch * 6);
        std::vector<bool> marked(memory.size());
        bool shared = false;
        for (const bool marking : {true, false}) {
            const auto& r = marking ? to.region : from.region;
            for (uint32_t z = 0; z < depth; ++z) {
                for (uint32_t y = 0; y < height; ++y) {
                    for (uint32_t x = 0; x < width; ++x) {
                        const auto i =
                            at(kPitch, kSlicePitch, r.originX + x, r.originY + y, r.originZ + z);
                        shared = shared || (!marking && marked[i]);
                        marked[i] = marked[i] || marking;
                    }
                }
            }
        }
        RC_ASSERT(copy(memory.data(), to, memory.data(), from) ==
                  (shared ? ZE_RESULT_ERROR_OVERLAPPING_REGIONS : ZE_RESULT_SUCCESS));
    }));
}

TEST_F(SoftRegionCopy, of_a_pitch_below_the_rows_end_is_refused) {
    std::vector<std::byte> a(1000);
    std::vector<std::byte> b(1000);
    const Side good = {{0, 0, 0, 10, 4, 0}, 10, 0};
    EXPECT_EQ(copy(a.data(), good, b.data(), {{0, 0, 0, 10, 4, 0}, 9, 0}),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(copy(a.data(), {{1, 0, 0, 10, 4, 0}, 10, 0}, b.data(), good),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    const Side slices = {{0, 0, 0, 10, 4, 2}, 10, 40};
    EXPECT_EQ(copy(a.data(), slices, b.data(), {{0, 0, 0, 10, 4, 2}, 10, 39}),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
}

TEST_F(SoftRegionCopy, of_unequal_or_empty_boxes_is_refused) {
    std::vector<std::byte> a(1000);
    std::vector<std::byte> b(1000);
    const Side good = {{0, 0, 0, 10, 4, 0}, 10, 0};
    EXPECT_EQ(copy(a.data(), good, b.data(), {{0, 0, 0, 10, 5, 0}, 10, 0}),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    const Side empty = {{0, 0, 0, 0, 4, 0}, 10, 0};
    EXPECT_EQ(copy(a.data(), empty, b.data(), empty), ZE_RESULT_ERROR_INVALID_SIZE);
}

TEST_F(SoftRegionCopy, past_an_allocation_or_the_address_space_is_refused) {
    std::byte* const usm = allocate_device(40);
    std::vector<std::byte> memory(1000);
    const Side whole = {{0, 0, 0, 10, 4, 0}, 10, 0};
    EXPECT_EQ(copy(usm, whole, memory.data(), whole), ZE_RESULT_SUCCESS);
    EXPECT_EQ(copy(usm, {{0, 1, 0, 10, 4, 0}, 10, 0}, memory.data(), whole),
              ZE_RESULT_ERROR_INVALID_SIZE);
    constexpr uint32_t kMax = UINT32_MAX;
    const Side huge = {{0, 0, kMax, 10, 4, kMax}, 10, kMax};
    EXPECT_EQ(copy(usm, huge, memory.data(), huge), ZE_RESULT_ERROR_INVALID_SIZE);
    EXPECT_EQ(zeMemFree(context_, usm), ZE_RESULT_SUCCESS);
}

}  // namespace mrda::ze_soft_test
