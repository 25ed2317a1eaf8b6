// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <cstddef>

namespace mrda::ze_soft {

/// One side of a region copy: where its first byte lies, and the steps to the next row and slice.
struct RegionSide {
    std::byte* start = nullptr;
    std::size_t pitch_bytes = 0;
    std::size_t slice_pitch_bytes = 0;
    std::size_t span_bytes = 0;  ///< From the first byte to just after the last.
};

/// A checked copy of a box of bytes between two memories of different pitch.
struct RegionCopy {
    RegionSide destination;
    RegionSide source;
    std::size_t width_bytes = 0;
    std::size_t rows = 0;
    std::size_t slices = 0;

    void run() const;
};

/// Where a box lies in a client's memory, as the client says it.
struct RegionArgument {
    const void* base;
    const ze_copy_region_t* region;
    std::size_t pitch_bytes;
    std::size_t slice_pitch_bytes;
};

/// Checks the arguments: equal extents, rows and slices that do not run into each other, no address
/// that overflows, no overlap of source and destination.
ze_result_t make_region_copy(const RegionArgument& destination, const RegionArgument& source,
                             RegionCopy& copy);

}  // namespace mrda::ze_soft
