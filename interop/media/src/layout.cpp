// SPDX-License-Identifier: MIT
#include "mrda/media/layout.h"

#include <span>
#include <string>
#include <vector>

namespace mrda::media {

mrda_media_layout to_media(const FrameLayout& layout) {
    mrda_media_layout made{};
    made.drm_fourcc = layout.format().drm_fourcc;
    made.width_px = layout.width_px();
    made.height_px = layout.height_px();
    made.modifier = layout.modifier();
    for (const PlaneLayout& plane : layout.planes()) {
        made.planes[made.plane_count++] = {plane.offset_bytes, plane.pitch_bytes, 0};
    }
    return made;
}

Result<FrameLayout> from_media(const mrda_media_layout& layout) {
    if (layout.plane_count > MRDA_MAX_PLANES) {
        return make_error(Errc::invalid_argument,
                          "a layout of " + std::to_string(layout.plane_count) + " planes");
    }
    std::vector<PlaneLayout> planes;
    for (const mrda_media_plane& plane : std::span(layout.planes, layout.plane_count)) {
        planes.push_back({plane.offset_bytes, plane.pitch_bytes});
    }
    return FrameLayout::from_planes(layout.drm_fourcc, layout.width_px, layout.height_px,
                                    layout.modifier, planes);
}

}  // namespace mrda::media
