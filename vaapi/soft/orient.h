// SPDX-License-Identifier: MIT
#pragma once

#include "frame_view.h"

namespace mrda::va_soft {

/// Turned clockwise by quarters, then mirrored.
struct Orientation {
    std::uint32_t quarters = 0;
    bool left_to_right = false;
    bool top_to_bottom = false;

    /// Whether width and height change places.
    [[nodiscard]] bool is_sideways() const { return quarters % 2 != 0; }
    [[nodiscard]] bool is_upright() const {
        return quarters % 4 == 0 && !left_to_right && !top_to_bottom;
    }
};

/// `target` has the source's format, and its size as turned. Not for formats that share chroma
/// between the pixels of one plane, as YUY2 does: see can_orient().
void orient(const FrameView& source, const FrameView& target, const Orientation& orientation);
bool can_orient(const PixelFormat& format);

}  // namespace mrda::va_soft
