// SPDX-License-Identifier: MIT
#include "va_format.h"

#include <drm_fourcc.h>

#include <array>

namespace mrda::vaapi {

namespace {

constexpr std::array<VaFormat, 8> kFormats{{
    {DRM_FORMAT_NV12, VA_FOURCC_NV12, VA_RT_FORMAT_YUV420},
    {DRM_FORMAT_YUV420, VA_FOURCC_I420, VA_RT_FORMAT_YUV420},
    {DRM_FORMAT_P010, VA_FOURCC_P010, VA_RT_FORMAT_YUV420_10},
    {DRM_FORMAT_ARGB8888, VA_FOURCC_BGRA, VA_RT_FORMAT_RGB32},
    {DRM_FORMAT_ABGR8888, VA_FOURCC_RGBA, VA_RT_FORMAT_RGB32},
    {DRM_FORMAT_XRGB8888, VA_FOURCC_BGRX, VA_RT_FORMAT_RGB32},
    {DRM_FORMAT_XBGR8888, VA_FOURCC_RGBX, VA_RT_FORMAT_RGB32},
    {DRM_FORMAT_YUYV, VA_FOURCC_YUY2, VA_RT_FORMAT_YUV422},
}};

}  // namespace

Result<VaFormat> va_format_of(std::uint32_t drm_fourcc) {
    for (const VaFormat& format : kFormats) {
        if (format.drm_fourcc == drm_fourcc) {
            return format;
        }
    }
    return make_error(Errc::unsupported, "DRM fourcc " + fourcc_string(drm_fourcc) +
                                             " has no name in libva that this toolkit knows");
}

VAImageFormat image_format_of(const PixelFormat& format) {
    const auto known = va_format_of(format.drm_fourcc);
    VAImageFormat image{};
    image.fourcc = known.ok() ? known->va_fourcc : 0;
    image.byte_order = VA_LSB_FIRST;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < format.plane_count; ++i) {
        bits += 8U * format.planes[i].block_bytes /
                (format.planes[i].horizontal * std::uint32_t{format.planes[i].vertical});
    }
    image.bits_per_pixel = bits;
    return image;
}

}  // namespace mrda::vaapi
