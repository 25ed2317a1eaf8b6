// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <array>
#include <cstdint>
#include <vector>

#include "frame_view.h"
#include "orient.h"

namespace mrda::va_soft {

/// How YUV stands for RGB; limited range only.
enum class ColorMatrix : std::uint8_t { bt601, bt709 };

enum class ScaleQuality : std::uint8_t { fast, good };

struct ConvertOptions {
    ColorMatrix matrix = ColorMatrix::bt601;
    ScaleQuality quality = ScaleQuality::good;
    Orientation orientation;
};

/// Turns and mirrors; copies, converts and scales with libyuv. Everything but a plain copy, RGB to
/// RGB and P010 to P010 goes by way of 8-bit I420. It keeps its intermediate frames, so one that is
/// used again for the same sizes allocates nothing. One thread at a time.
class Converter {
  public:
    /// VA_STATUS_ERROR_UNIMPLEMENTED for RGB to BT.709: libyuv has only BT.601 in that direction.
    VAStatus convert(const FrameView& source, const FrameView& target,
                     const ConvertOptions& options);

  private:
    VAStatus convert_upright(const FrameView& source, const FrameView& target,
                             const ConvertOptions& options);
    VAStatus convert_rgb(const FrameView& source, const FrameView& target,
                         const ConvertOptions& options);
    VAStatus scale_p010(const FrameView& source, const FrameView& target,
                        const ConvertOptions& options);
    VAStatus convert_by_i420(const FrameView& source, const FrameView& target,
                             const ConvertOptions& options);
    /// An intermediate frame; valid until the same `slot` is asked for again.
    FrameView scratch(std::size_t slot, std::uint32_t fourcc, std::uint32_t width_px,
                      std::uint32_t height_px);

    std::array<std::vector<std::uint8_t>, 4> scratch_;
};

}  // namespace mrda::va_soft
