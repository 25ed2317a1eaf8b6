// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "mrda/interop/result.h"

namespace mrda {

/// One plane of a pixel format: rows of blocks, each `block_bytes` long, one block for every
/// `horizontal` x `vertical` pixels.
struct PlaneFormat {
    std::uint8_t block_bytes;
    std::uint8_t horizontal;
    std::uint8_t vertical;

    /// Bytes of one row of an image `width_px` wide, without padding.
    [[nodiscard]] std::uint64_t row_bytes(std::uint32_t width_px) const {
        return (std::uint64_t{width_px} + horizontal - 1) / horizontal * block_bytes;
    }
    [[nodiscard]] std::uint32_t rows(std::uint32_t height_px) const {
        return (height_px + vertical - 1U) / vertical;
    }
};

/// What the toolkit knows of a pixel format. Its name among programs is the DRM fourcc; VA and
/// oneVPL have others, which `vaapi` and `vpl` translate.
struct PixelFormat {
    std::uint32_t drm_fourcc;
    std::string_view name;  ///< What people type: "NV12", "I420", "BGRA" (bytes in memory order).
    std::uint8_t bit_depth;
    std::uint8_t plane_count;
    std::array<PlaneFormat, 3> planes;

    /// Widths and heights must be multiples of these.
    [[nodiscard]] std::uint32_t width_step() const;
    [[nodiscard]] std::uint32_t height_step() const;
};

/// Every format the toolkit carries, in a fixed order.
std::span<const PixelFormat> pixel_formats();

/// The format, which lives as long as the program. Errors: unsupported (the message lists what
/// there is).
Result<const PixelFormat*> find_pixel_format(std::uint32_t drm_fourcc);
/// By the name that people type, or by the DRM fourcc's four letters.
Result<const PixelFormat*> find_pixel_format(std::string_view name);

/// The four letters, with anything unprintable shown as "\xNN".
std::string fourcc_string(std::uint32_t fourcc);

}  // namespace mrda
