// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace mrda::va_soft {

inline constexpr std::uint32_t kMaxPlanes = 3;
inline constexpr std::uint32_t kMinSize_px = 1;
inline constexpr std::uint32_t kMaxSize_px = 8192;

/// One plane: a grid of samples, each `sample_bytes` wide, that covers the frame at a power-of-two
/// fraction of its resolution. What does not divide is rounded up: a 5x5 NV12 frame has 3x3 chroma
/// samples.
struct PlaneFormat {
    std::uint8_t sample_bytes = 0;
    std::uint8_t shift_x = 0;
    std::uint8_t shift_y = 0;
    std::uint32_t drm_layer = 0;  ///< DRM fourcc of this plane as a layer of its own.

    [[nodiscard]] std::uint32_t row_bytes(std::uint32_t width_px) const {
        return ((width_px + (1U << shift_x) - 1) >> shift_x) * sample_bytes;
    }
    [[nodiscard]] std::uint32_t rows(std::uint32_t height_px) const {
        return (height_px + (1U << shift_y) - 1) >> shift_y;
    }
};

enum class ColorModel : std::uint8_t { yuv, rgb };

/// Everything that the driver knows about a pixel format; one table, read by all.
struct PixelFormat {
    std::uint32_t va_fourcc = 0;
    std::uint32_t drm_format = 0;
    std::uint32_t rt_format = 0;
    ColorModel model = ColorModel::yuv;
    std::uint8_t component_bytes = 1;  ///< What planes and pitches must be aligned to.
    std::uint8_t bits_per_pixel = 0;
    std::uint8_t plane_count = 0;
    std::array<PlaneFormat, kMaxPlanes> planes{};
    bool red_first = false;  ///< RGB: byte 0 is red, not blue.
    bool alpha = false;      ///< RGB: byte 3 is alpha, not padding.

    /// A chroma-carrying format's regions start on whole chroma samples.
    [[nodiscard]] std::uint32_t align_x() const;
    [[nodiscard]] std::uint32_t align_y() const;
};

std::span<const PixelFormat> pixel_formats();

/// Null if the driver does not know it. IYUV is another name for I420.
const PixelFormat* find_format(std::uint32_t va_fourcc);
/// The format of surfaces made with `rt_format` and no pixel format; null if there is none.
const PixelFormat* default_format(std::uint32_t rt_format);
/// All VA_RT_FORMAT bits that surfaces can have.
std::uint32_t supported_rt_formats();

VAImageFormat image_format(const PixelFormat& format);
/// The four characters where they are printable, for messages.
std::string fourcc_text(std::uint32_t fourcc);

}  // namespace mrda::va_soft
