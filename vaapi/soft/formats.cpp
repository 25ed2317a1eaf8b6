// SPDX-License-Identifier: MIT
#include "formats.h"

#include <drm_fourcc.h>

#include <algorithm>

namespace mrda::va_soft {

namespace {

constexpr PixelFormat planar_420(std::uint32_t va_fourcc, std::uint32_t drm_format) {
    return {
        .va_fourcc = va_fourcc,
        .drm_format = drm_format,
        .rt_format = VA_RT_FORMAT_YUV420,
        .bits_per_pixel = 12,
        .plane_count = 3,
        .planes = {{{1, 0, 0, DRM_FORMAT_R8}, {1, 1, 1, DRM_FORMAT_R8}, {1, 1, 1, DRM_FORMAT_R8}}}};
}

constexpr PixelFormat packed_rgb(std::uint32_t va_fourcc, std::uint32_t drm_format, bool red_first,
                                 bool alpha) {
    return {.va_fourcc = va_fourcc,
            .drm_format = drm_format,
            .rt_format = VA_RT_FORMAT_RGB32,
            .model = ColorModel::rgb,
            .bits_per_pixel = 32,
            .plane_count = 1,
            .planes = {{{4, 0, 0, drm_format}}},
            .red_first = red_first,
            .alpha = alpha};
}

// VA names RGB bytes in memory order, DRM in a little-endian word: VA's BGRA is DRM's ARGB8888.
constexpr std::array kFormats = {
    PixelFormat{.va_fourcc = VA_FOURCC_NV12,
                .drm_format = DRM_FORMAT_NV12,
                .rt_format = VA_RT_FORMAT_YUV420,
                .bits_per_pixel = 12,
                .plane_count = 2,
                .planes = {{{1, 0, 0, DRM_FORMAT_R8}, {2, 1, 1, DRM_FORMAT_GR88}}}},
    planar_420(VA_FOURCC_I420, DRM_FORMAT_YUV420),
    planar_420(VA_FOURCC_YV12, DRM_FORMAT_YVU420),
    PixelFormat{.va_fourcc = VA_FOURCC_YUY2,
                .drm_format = DRM_FORMAT_YUYV,
                .rt_format = VA_RT_FORMAT_YUV422,
                .bits_per_pixel = 16,
                .plane_count = 1,
                .planes = {{{4, 1, 0, DRM_FORMAT_YUYV}}}},
    PixelFormat{.va_fourcc = VA_FOURCC_P010,
                .drm_format = DRM_FORMAT_P010,
                .rt_format = VA_RT_FORMAT_YUV420_10,
                .component_bytes = 2,
                .bits_per_pixel = 24,
                .plane_count = 2,
                .planes = {{{2, 0, 0, DRM_FORMAT_R16}, {4, 1, 1, DRM_FORMAT_GR1616}}}},
    packed_rgb(VA_FOURCC_BGRA, DRM_FORMAT_ARGB8888, false, true),
    packed_rgb(VA_FOURCC_BGRX, DRM_FORMAT_XRGB8888, false, false),
    packed_rgb(VA_FOURCC_RGBA, DRM_FORMAT_ABGR8888, true, true),
    packed_rgb(VA_FOURCC_RGBX, DRM_FORMAT_XBGR8888, true, false),
};

template <typename Predicate>
const PixelFormat* first_format(Predicate matches) {
    const auto* found = std::find_if(kFormats.begin(), kFormats.end(), matches);
    return found != kFormats.end() ? found : nullptr;
}

}  // namespace

std::uint32_t PixelFormat::align_x() const {
    std::uint8_t shift = 0;
    for (const PlaneFormat& plane : planes) {
        shift = std::max(shift, plane.shift_x);
    }
    return 1U << shift;
}

std::uint32_t PixelFormat::align_y() const {
    std::uint8_t shift = 0;
    for (const PlaneFormat& plane : planes) {
        shift = std::max(shift, plane.shift_y);
    }
    return 1U << shift;
}

std::span<const PixelFormat> pixel_formats() {
    return kFormats;
}

const PixelFormat* find_format(std::uint32_t va_fourcc) {
    const std::uint32_t wanted = va_fourcc == VA_FOURCC_IYUV ? VA_FOURCC_I420 : va_fourcc;
    return first_format([&](const PixelFormat& format) { return format.va_fourcc == wanted; });
}

const PixelFormat* default_format(std::uint32_t rt_format) {
    return first_format([&](const PixelFormat& format) { return format.rt_format == rt_format; });
}

std::uint32_t supported_rt_formats() {
    std::uint32_t bits = 0;
    for (const PixelFormat& format : kFormats) {
        bits |= format.rt_format;
    }
    return bits;
}

VAImageFormat image_format(const PixelFormat& format) {
    VAImageFormat image{};
    image.fourcc = format.va_fourcc;
    image.byte_order = VA_LSB_FIRST;
    image.bits_per_pixel = format.bits_per_pixel;
    if (format.model == ColorModel::rgb) {
        image.depth = format.alpha ? 32 : 24;
        image.red_mask = format.red_first ? 0x000000ff : 0x00ff0000;
        image.green_mask = 0x0000ff00;
        image.blue_mask = format.red_first ? 0x00ff0000 : 0x000000ff;
        image.alpha_mask = format.alpha ? 0xff000000 : 0;
    }
    return image;
}

std::string fourcc_text(std::uint32_t fourcc) {
    std::string text;
    for (int shift = 0; shift < 32; shift += 8) {
        const char letter = static_cast<char>((fourcc >> shift) & 0xff);
        text += letter >= ' ' && letter <= '~' ? letter : '?';
    }
    return text;
}

}  // namespace mrda::va_soft
