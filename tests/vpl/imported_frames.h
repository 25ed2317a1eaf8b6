// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mrda/interop/frame_layout.h"
#include "mrda/l0/context.h"
#include "mrda/l0/usm.h"
#include "mrda/vaapi/display.h"
#include "mrda/vaapi/surface.h"

namespace mrda::vpl::test {

/// Frames in device USM with a surface on the memory of each: what an encoder works in. The
/// surfaces are moved into the object under test; the memory stays here, and must outlive it.
struct ImportedFrames {
    FrameLayout layout;
    std::vector<l0::UsmBuffer> memory;
    std::vector<vaapi::Surface> surfaces;
};

/// Records a failure of the test where the chain breaks; there are fewer frames then.
ImportedFrames import_frames(const l0::Context& context, const vaapi::Display& display,
                             std::uint32_t drm_fourcc, std::uint32_t width_px,
                             std::uint32_t height_px, std::size_t count);

/// Writes picture `number` of a moving scene into frame `index`: no two are alike, none is flat.
void draw(const l0::Context& context, ImportedFrames& frames, std::size_t index,
          std::uint64_t number);

}  // namespace mrda::vpl::test
