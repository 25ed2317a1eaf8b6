// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// How a picture lies in an input slot, so that the encoder can import it as it is: whole
/// macroblocks, Intel's pitch. Errors: as FrameLayout::linear().
Result<FrameLayout> encoder_frame(std::uint32_t drm_fourcc, std::uint32_t width_px,
                                  std::uint32_t height_px);

/// Of an output slot whose size nobody asked for. Only pages that a packet reaches exist.
std::uint64_t default_output_slot_bytes(const FrameLayout& frame);

}  // namespace mrda::service
