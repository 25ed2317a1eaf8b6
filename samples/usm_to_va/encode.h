// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "chain.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/vpl/encoder.h"
#include "options.h"
#include "report.h"

namespace usm_to_va {

mrda::vpl::EncoderConfig encoder_config(const Options& options);

/// The layout of the surfaces that the encoder reads: whole macroblocks around the picture.
mrda::Result<mrda::FrameLayout> surface_layout(const Options& options);

/// Step 10: fills frames from the source and encodes them into the output file. Takes the surfaces
/// of `frames`; their USM stays.
mrda::Result<void> encode_frames(const Device& device, std::vector<Frame>& frames,
                                 const mrda::FrameLayout& layout, const Options& options,
                                 Report& report);

}  // namespace usm_to_va
