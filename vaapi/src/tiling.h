// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace mrda::vaapi {

/// How the bytes of a plane lie under one modifier: in tiles, which follow one another row by row.
struct Tiling {
    std::uint64_t modifier;
    std::uint32_t tile_row_bytes;
    std::uint32_t tile_rows;
    /// Where in its tile a byte lies, by its place in the tile's row and the row.
    std::uint32_t (*within_tile)(std::uint32_t byte, std::uint32_t row);

    /// What the tiles that lie side by side take.
    [[nodiscard]] std::uint64_t row_of_tiles_bytes(std::uint32_t pitch_bytes) const {
        return std::uint64_t{pitch_bytes} * tile_rows;
    }
    /// Where a byte of a plane lies, from the plane's first byte. The pitch must be whole tiles.
    [[nodiscard]] std::uint64_t position_bytes(std::uint32_t pitch_bytes, std::uint32_t row,
                                               std::uint64_t byte) const;
    /// What so many rows take: whole tiles.
    [[nodiscard]] std::uint64_t extent_bytes(std::uint32_t pitch_bytes, std::uint32_t rows) const;
};

/// X, Y and 4, without the swizzling of bit 6 that GPUs before Intel's eighth generation had. Null:
/// how pixels lie under `modifier` is not known here.
const Tiling* find_tiling(std::uint64_t modifier);

}  // namespace mrda::vaapi
