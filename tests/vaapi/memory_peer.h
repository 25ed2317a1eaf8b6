// SPDX-License-Identifier: MIT
#pragma once

#include <drm_fourcc.h>

#include "mrda/interop/frame_layout.h"

namespace mrda::test {

/// How the pixels lie in what memory_peer is sent. Without padding: the last byte is a pixel's.
inline Result<FrameLayout> peer_layout() {
    return FrameLayout::linear(DRM_FORMAT_NV12, 640, 384);
}

}  // namespace mrda::test
