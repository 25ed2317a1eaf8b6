// SPDX-License-Identifier: MIT
#include "tiling.h"

#include <drm_fourcc.h>

#include <algorithm>
#include <array>

namespace mrda::vaapi {

namespace {

// drm_fourcc.h: tiles of 4 KiB in row-major order; within an X tile bytes are row-major; within a Y
// tile they lie in columns of 16 bytes; tile 4 is as Y down to 4 KiB (128 bytes by 32 rows) and up
// to 64 bytes (16 by 4 rows), with 64 bytes by 8 rows between. That an X tile is 512 bytes wide,
// and the order of tile 4's blocks, are in Intel's programmer's reference ("Memory Views").

std::uint32_t within_x_tile(std::uint32_t byte, std::uint32_t row) {
    return row * 512 + byte;
}

std::uint32_t within_y_tile(std::uint32_t byte, std::uint32_t row) {
    return byte / 16 * 512 + row * 16 + byte % 16;
}

std::uint32_t within_4_tile(std::uint32_t byte, std::uint32_t row) {
    const std::uint32_t half_kib = row / 8 * 2 + byte / 64;
    const std::uint32_t cache_line = row / 4 % 2 * 4 + byte % 64 / 16;
    return half_kib * 512 + cache_line * 64 + row % 4 * 16 + byte % 16;
}

constexpr std::array<Tiling, 3> kTilings{{
    {I915_FORMAT_MOD_X_TILED, 512, 8, within_x_tile},
    {I915_FORMAT_MOD_Y_TILED, 128, 32, within_y_tile},
    {I915_FORMAT_MOD_4_TILED, 128, 32, within_4_tile},
}};

}  // namespace

std::uint64_t Tiling::position_bytes(std::uint32_t pitch_bytes, std::uint32_t row,
                                     std::uint64_t byte) const {
    const std::uint64_t tile_bytes = std::uint64_t{tile_row_bytes} * tile_rows;
    const std::uint64_t row_of_tiles = row / tile_rows;
    const std::uint64_t column = byte / tile_row_bytes;
    return row_of_tiles * row_of_tiles_bytes(pitch_bytes) + column * tile_bytes +
           within_tile(static_cast<std::uint32_t>(byte % tile_row_bytes), row % tile_rows);
}

std::uint64_t Tiling::extent_bytes(std::uint32_t pitch_bytes, std::uint32_t rows) const {
    const std::uint64_t rows_of_tiles = (rows + tile_rows - 1) / tile_rows;
    return rows_of_tiles * row_of_tiles_bytes(pitch_bytes);
}

const Tiling* find_tiling(std::uint64_t modifier) {
    const auto* const found =
        std::find_if(kTilings.begin(), kTilings.end(),
                     [&](const Tiling& tiling) { return tiling.modifier == modifier; });
    return found == kTilings.end() ? nullptr : found;
}

}  // namespace mrda::vaapi
