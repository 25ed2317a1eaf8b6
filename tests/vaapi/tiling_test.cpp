// SPDX-License-Identifier: MIT
#include "tiling.h"

#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <vector>

namespace mrda::vaapi {
namespace {

constexpr std::uint64_t kModifiers[] = {I915_FORMAT_MOD_X_TILED, I915_FORMAT_MOD_Y_TILED,
                                        I915_FORMAT_MOD_4_TILED};

TEST(Tiling, gives_every_byte_a_place_of_its_own_within_the_extent) {
    constexpr std::uint32_t kPitch = 1024;
    constexpr std::uint32_t kRows = 64;
    for (const std::uint64_t modifier : kModifiers) {
        const Tiling& tiling = *find_tiling(modifier);
        std::vector<bool> taken(kPitch * kRows);
        ASSERT_EQ(tiling.extent_bytes(kPitch, kRows), taken.size());
        for (std::uint32_t row = 0; row < kRows; ++row) {
            for (std::uint32_t byte = 0; byte < kPitch; ++byte) {
                const std::uint64_t position = tiling.position_bytes(kPitch, row, byte);
                ASSERT_LT(position, taken.size());
                ASSERT_FALSE(taken[position]) << row << ", " << byte;
                taken[position] = true;
            }
        }
    }
}

TEST(Tiling, puts_rows_columns_and_tiles_where_the_modifier_says) {
    struct Place {
        std::uint64_t modifier;
        std::uint32_t row;
        std::uint64_t byte;
        std::uint64_t position;
    };
    constexpr Place kPlaces[] = {
        {I915_FORMAT_MOD_X_TILED, 1, 0, 512},  {I915_FORMAT_MOD_X_TILED, 0, 512, 4096},
        {I915_FORMAT_MOD_X_TILED, 8, 0, 8192}, {I915_FORMAT_MOD_Y_TILED, 1, 0, 16},
        {I915_FORMAT_MOD_Y_TILED, 0, 16, 512}, {I915_FORMAT_MOD_Y_TILED, 32, 0, 32768},
        {I915_FORMAT_MOD_4_TILED, 3, 15, 63},  {I915_FORMAT_MOD_4_TILED, 0, 16, 64},
        {I915_FORMAT_MOD_4_TILED, 4, 0, 256},  {I915_FORMAT_MOD_4_TILED, 0, 64, 512},
        {I915_FORMAT_MOD_4_TILED, 8, 0, 1024}, {I915_FORMAT_MOD_4_TILED, 0, 128, 4096}};
    for (const Place& place : kPlaces) {
        EXPECT_EQ(find_tiling(place.modifier)->position_bytes(1024, place.row, place.byte),
                  place.position)
            << place.modifier << ": " << place.row << ", " << place.byte;
    }
}

TEST(Tiling, takes_whole_tiles_for_the_last_rows) {
    EXPECT_EQ(find_tiling(I915_FORMAT_MOD_Y_TILED)->extent_bytes(512, 33), 512U * 64);
    EXPECT_EQ(find_tiling(I915_FORMAT_MOD_X_TILED)->extent_bytes(512, 33), 512U * 40);
}

TEST(Tiling, of_linear_compressed_or_foreign_memory_is_not_known) {
    for (const std::uint64_t modifier :
         {std::uint64_t{DRM_FORMAT_MOD_LINEAR}, std::uint64_t{I915_FORMAT_MOD_4_TILED_DG2_MC_CCS},
          std::uint64_t{DRM_FORMAT_MOD_SAMSUNG_64_32_TILE}}) {
        EXPECT_EQ(find_tiling(modifier), nullptr);
    }
}

}  // namespace
}  // namespace mrda::vaapi
