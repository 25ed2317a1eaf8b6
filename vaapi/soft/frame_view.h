// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <array>
#include <cstdint>
#include <optional>

#include "formats.h"

namespace mrda::va_soft {

/// Pixels in memory that someone else owns: a surface's, an image's, or a region of one.
struct FrameView {
    const PixelFormat* format = nullptr;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::array<std::uint8_t*, kMaxPlanes> data{};
    std::array<std::uint32_t, kMaxPlanes> pitch_bytes{};
};

/// Where planes stand in one block of memory.
struct PackedLayout {
    std::array<std::uint32_t, kMaxPlanes> offset_bytes{};
    std::array<std::uint32_t, kMaxPlanes> pitch_bytes{};
    std::uint32_t size_bytes = 0;
};

/// The layout of memory that the driver allocates: every pitch a multiple of 64 bytes, planes in a
/// row.
PackedLayout packed_layout(const PixelFormat& format, std::uint32_t width_px,
                           std::uint32_t height_px);

/// A region in whole pixels; wider than VARectangle, so that no caller's value has to be cut.
struct Region {
    std::int64_t x = 0;
    std::int64_t y = 0;
    std::int64_t width_px = 0;
    std::int64_t height_px = 0;
};

/// Nothing if `region` is empty, leaves the frame, or does not start on a whole chroma sample.
std::optional<FrameView> crop(const FrameView& frame, const Region& region);

}  // namespace mrda::va_soft
