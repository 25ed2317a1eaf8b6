// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"

namespace mrda::plugins {

/// A picture of 8 bits and 4:2:0 where a processor reaches it, in the form that libyuv takes.
template <typename Byte>
struct BasicPlanes {
    std::uint32_t drm_fourcc = 0;  ///< DRM_FORMAT_YUV420, or DRM_FORMAT_NV12: two planes.
    int width_px = 0;
    int height_px = 0;
    std::array<Byte*, 3> data{};
    std::array<int, 3> pitch_bytes{};

    operator BasicPlanes<const Byte>() const requires(!std::is_const_v<Byte>) {
        return {drm_fourcc, width_px, height_px, {data[0], data[1], data[2]}, pitch_bytes};
    }
};
using Planes = BasicPlanes<std::uint8_t>;
using ConstPlanes = BasicPlanes<const std::uint8_t>;

/// The formats that these plugins take and give; ends with fourcc 0.
extern const mrda_format kFormats[3];

/// A frame that the host sent, for as long as the session keeps it.
struct HeldFrame {
    Planes planes;
    std::int64_t pts = 0;
    std::uint32_t flags = 0;
    std::uint32_t index = 0;
};

/// Chroma samples of so many luma samples, in either direction.
constexpr int half(int luma) {
    return (luma + 1) / 2;
}

/// The frame's planes. Errors: invalid_argument (no pages, a layout that is not whole or beyond its
/// buffer), unsupported (another format, tiles).
Result<Planes> planes_of(const mrda_frame& frame);
Result<HeldFrame> hold(const mrda_frame& frame);

/// The upper left of planes. Errors: invalid_argument, naming both sizes.
Result<Planes> crop(const Planes& planes, int width_px, int height_px);

/// Copies a picture to the upper left of planes that are as large or larger, and converts between
/// I420 and NV12. The last column or row of an odd size is doubled: frames are even. Returns the
/// bytes written.
std::uint64_t copy_picture(const ConstPlanes& from, const Planes& to);

}  // namespace mrda::plugins
