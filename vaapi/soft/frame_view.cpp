// SPDX-License-Identifier: MIT
#include "frame_view.h"

namespace mrda::va_soft {

PackedLayout packed_layout(const PixelFormat& format, std::uint32_t width_px,
                           std::uint32_t height_px) {
    // Clients take the chroma pitch of a three-plane format for half of the luma pitch.
    const std::uint32_t align = format.plane_count == 3 ? 128 : 64;
    const std::uint32_t luma_pitch =
        (format.planes[0].row_bytes(width_px) + align - 1) / align * align;
    PackedLayout layout;
    for (std::uint32_t plane = 0; plane < format.plane_count; ++plane) {
        layout.offset_bytes[plane] = layout.size_bytes;
        layout.pitch_bytes[plane] =
            plane > 0 && format.plane_count == 3 ? luma_pitch / 2 : luma_pitch;
        layout.size_bytes += layout.pitch_bytes[plane] * format.planes[plane].rows(height_px);
    }
    return layout;
}

std::optional<FrameView> crop(const FrameView& frame, const Region& region) {
    const PixelFormat& format = *frame.format;
    const std::int64_t frame_width = frame.width_px;
    const std::int64_t frame_height = frame.height_px;
    const bool inside = region.x >= 0 && region.y >= 0 && region.width_px > 0 &&
                        region.height_px > 0 && region.x < frame_width && region.y < frame_height &&
                        region.width_px <= frame_width - region.x &&
                        region.height_px <= frame_height - region.y;
    if (!inside || region.x % format.align_x() != 0 || region.y % format.align_y() != 0) {
        return std::nullopt;
    }
    FrameView part = frame;
    part.width_px = static_cast<std::uint32_t>(region.width_px);
    part.height_px = static_cast<std::uint32_t>(region.height_px);
    for (std::uint32_t plane = 0; plane < format.plane_count; ++plane) {
        const PlaneFormat& grid = format.planes[plane];
        part.data[plane] += (region.y >> grid.shift_y) * frame.pitch_bytes[plane] +
                            (region.x >> grid.shift_x) * grid.sample_bytes;
    }
    return part;
}

}  // namespace mrda::va_soft
