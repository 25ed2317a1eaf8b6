// SPDX-License-Identifier: MIT
#pragma once

#include <vpl/mfxvideo.h>

namespace mrda::vpl::soft {

/// Clears what no encoder here can do (MFX_ERR_UNSUPPORTED) and corrects what it would do otherwise
/// (MFX_WRN_INCOMPATIBLE_VIDEO_PARAM). Extension buffers are not looked at.
mfxStatus check_params(mfxVideoParam& video);

}  // namespace mrda::vpl::soft
