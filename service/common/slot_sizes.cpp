// SPDX-License-Identifier: MIT
#include "slot_sizes.h"

#include <algorithm>

namespace mrda::service {

namespace {

/// Encoders read whole macroblocks, so that much must lie behind the picture.
constexpr std::uint32_t kMacroblockPx = 16;
/// Headers, before any pixel.
constexpr std::uint64_t kLeastOutputBytes = std::uint64_t{64} * 1024;

std::uint32_t macroblocks(std::uint32_t px) {
    return (px + kMacroblockPx - 1) / kMacroblockPx * kMacroblockPx;
}

}  // namespace

Result<FrameLayout> encoder_frame(std::uint32_t drm_fourcc, std::uint32_t width_px,
                                  std::uint32_t height_px) {
    return FrameLayout::linear(drm_fourcc, macroblocks(width_px), macroblocks(height_px));
}

std::uint64_t default_output_slot_bytes(const FrameLayout& frame) {
    // A picture that does not compress is larger coded than raw.
    return std::max(frame.size_bytes() + frame.size_bytes() / 4, kLeastOutputBytes);
}

}  // namespace mrda::service
