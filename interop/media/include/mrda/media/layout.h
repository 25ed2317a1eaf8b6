// SPDX-License-Identifier: MIT
#pragma once

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"

namespace mrda::media {

/// A plugin's words for a layout.
mrda_media_layout to_media(const FrameLayout& layout);
/// Errors: invalid_argument (too many planes), and as FrameLayout::from_planes().
Result<FrameLayout> from_media(const mrda_media_layout& layout);

}  // namespace mrda::media
