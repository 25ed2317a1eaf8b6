// SPDX-License-Identifier: MIT
#include "shared/planes.h"

#include <drm_fourcc.h>
#include <libyuv.h>

#include <algorithm>
#include <limits>
#include <string>

#include "mrda/media/layout.h"

namespace mrda::plugins {

const mrda_format kFormats[3] = {{DRM_FORMAT_YUV420, 12}, {DRM_FORMAT_NV12, 12}, {0, 0}};

namespace {

std::string size_text(int width_px, int height_px) {
    return std::to_string(width_px) + "x" + std::to_string(height_px);
}

Result<void> check_layout(const FrameLayout& layout) {
    const std::uint32_t fourcc = layout.format().drm_fourcc;
    if ((fourcc != DRM_FORMAT_YUV420 && fourcc != DRM_FORMAT_NV12) || !layout.is_linear()) {
        return make_error(Errc::unsupported,
                          layout.to_string() + ": frames must be linear I420 or NV12");
    }
    for (const PlaneLayout& plane : layout.planes()) {
        if (plane.pitch_bytes > std::uint32_t{std::numeric_limits<int>::max()}) {
            return make_error(Errc::invalid_argument, layout.to_string() + ": pitch beyond 2^31");
        }
    }
    return {};
}

void double_last_luma(const ConstPlanes& from, const Planes& to) {
    if (from.width_px % 2 != 0) {
        for (int row = 0; row < from.height_px; ++row) {
            std::uint8_t* const line = to.data[0] + std::ptrdiff_t{row} * to.pitch_bytes[0];
            line[from.width_px] = line[from.width_px - 1];
        }
    }
    if (from.height_px % 2 != 0) {
        std::uint8_t* const last =
            to.data[0] + std::ptrdiff_t{from.height_px - 1} * to.pitch_bytes[0];
        std::copy_n(last, 2 * half(from.width_px), last + to.pitch_bytes[0]);
    }
}

void copy_chroma(const ConstPlanes& from, const Planes& to) {
    const int width = half(from.width_px);
    const int height = half(from.height_px);
    if (from.drm_fourcc == to.drm_fourcc) {
        const bool pairs = from.drm_fourcc == DRM_FORMAT_NV12;
        for (std::size_t plane = 1; plane < (pairs ? 2U : 3U); ++plane) {
            libyuv::CopyPlane(from.data[plane], from.pitch_bytes[plane], to.data[plane],
                              to.pitch_bytes[plane], pairs ? 2 * width : width, height);
        }
    } else if (to.drm_fourcc == DRM_FORMAT_NV12) {
        libyuv::MergeUVPlane(from.data[1], from.pitch_bytes[1], from.data[2], from.pitch_bytes[2],
                             to.data[1], to.pitch_bytes[1], width, height);
    } else {
        libyuv::SplitUVPlane(from.data[1], from.pitch_bytes[1], to.data[1], to.pitch_bytes[1],
                             to.data[2], to.pitch_bytes[2], width, height);
    }
}

}  // namespace

Result<Planes> planes_of(const mrda_frame& frame) {
    if (frame.buffer == nullptr || frame.layout == nullptr || frame.buffer->pages == nullptr) {
        return make_error(Errc::invalid_argument,
                          "a frame without a layout, or in memory that no processor reaches");
    }
    MRDA_ASSIGN(const FrameLayout layout, media::from_media(*frame.layout));
    MRDA_TRY(check_layout(layout));
    MRDA_TRY(layout.check_fits(frame.buffer->length_bytes));
    Planes planes{layout.format().drm_fourcc,
                  static_cast<int>(layout.width_px()),
                  static_cast<int>(layout.height_px()),
                  {},
                  {}};
    for (std::size_t plane = 0; plane < layout.planes().size(); ++plane) {
        const PlaneLayout& where = layout.planes()[plane];
        planes.data[plane] = static_cast<std::uint8_t*>(frame.buffer->pages) + where.offset_bytes;
        planes.pitch_bytes[plane] = static_cast<int>(where.pitch_bytes);
    }
    return planes;
}

Result<HeldFrame> hold(const mrda_frame& frame) {
    MRDA_ASSIGN(const Planes planes, planes_of(frame));
    return HeldFrame{planes, frame.pts, frame.flags, frame.index};
}

Result<Planes> crop(const Planes& planes, int width_px, int height_px) {
    if (width_px > planes.width_px || height_px > planes.height_px) {
        return make_error(Errc::invalid_argument, "a picture of " + size_text(width_px, height_px) +
                                                      " in a frame of " +
                                                      size_text(planes.width_px, planes.height_px));
    }
    Planes cropped = planes;
    cropped.width_px = width_px;
    cropped.height_px = height_px;
    return cropped;
}

std::uint64_t copy_picture(const ConstPlanes& from, const Planes& to) {
    libyuv::CopyPlane(from.data[0], from.pitch_bytes[0], to.data[0], to.pitch_bytes[0],
                      from.width_px, from.height_px);
    double_last_luma(from, to);
    copy_chroma(from, to);
    return std::uint64_t{6} * static_cast<std::uint64_t>(half(from.width_px)) *
           static_cast<std::uint64_t>(half(from.height_px));
}

}  // namespace mrda::plugins
