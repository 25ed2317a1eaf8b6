// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "mrda/interop/frame_layout.h"

namespace mrda::vaapi {

/// How the bytes of a plane lie under one modifier: in tiles, which follow one another row by row.
struct Tiling {
    std::uint64_t modifier;
    std::uint32_t tile_row_bytes;
    std::uint32_t tile_rows;
    /// Where in its tile a byte lies, by its place in the tile's row and the row.
    std::uint32_t (*within_tile)(std::uint32_t byte, std::uint32_t row);

    /// Whether `plane` begins with a row of tiles. Of one that does not, nobody says whether its
    /// tiles begin with the plane or with the object.
    [[nodiscard]] bool begins_row_of_tiles(const PlaneLayout& plane) const {
        return plane.offset_bytes % (std::uint64_t{plane.pitch_bytes} * tile_rows) == 0;
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
