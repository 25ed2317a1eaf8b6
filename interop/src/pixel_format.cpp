// SPDX-License-Identifier: MIT
#include "mrda/interop/pixel_format.h"

#include <drm_fourcc.h>

#include <algorithm>

namespace mrda {

namespace {

constexpr PlaneFormat kNone{0, 1, 1};

// drm_fourcc.h names packed formats from the highest byte of a little-endian word: ARGB8888 is
// B,G,R,A in memory, and it is memory order that people type.
constexpr std::array<PixelFormat, 8> kFormats{{
    {DRM_FORMAT_NV12, "NV12", 8, 2, {{{1, 1, 1}, {2, 2, 2}, kNone}}},
    {DRM_FORMAT_YUV420, "I420", 8, 3, {{{1, 1, 1}, {1, 2, 2}, {1, 2, 2}}}},
    {DRM_FORMAT_P010, "P010", 10, 2, {{{2, 1, 1}, {4, 2, 2}, kNone}}},
    {DRM_FORMAT_ARGB8888, "BGRA", 8, 1, {{{4, 1, 1}, kNone, kNone}}},
    {DRM_FORMAT_ABGR8888, "RGBA", 8, 1, {{{4, 1, 1}, kNone, kNone}}},
    {DRM_FORMAT_XRGB8888, "BGRX", 8, 1, {{{4, 1, 1}, kNone, kNone}}},
    {DRM_FORMAT_XBGR8888, "RGBX", 8, 1, {{{4, 1, 1}, kNone, kNone}}},
    {DRM_FORMAT_YUYV, "YUY2", 8, 1, {{{4, 2, 1}, kNone, kNone}}},
}};

std::string known_names() {
    std::string names;
    for (const PixelFormat& format : kFormats) {
        names += (names.empty() ? "" : ", ") + std::string(format.name);
    }
    return names;
}

}  // namespace

std::uint32_t PixelFormat::width_step() const {
    std::uint32_t step = 1;
    for (const PlaneFormat& plane : planes) {
        step = std::max<std::uint32_t>(step, plane.horizontal);
    }
    return step;
}

std::uint32_t PixelFormat::height_step() const {
    std::uint32_t step = 1;
    for (const PlaneFormat& plane : planes) {
        step = std::max<std::uint32_t>(step, plane.vertical);
    }
    return step;
}

std::span<const PixelFormat> pixel_formats() {
    return kFormats;
}

Result<const PixelFormat*> find_pixel_format(std::uint32_t drm_fourcc) {
    for (const PixelFormat& format : kFormats) {
        if (format.drm_fourcc == drm_fourcc) {
            return &format;
        }
    }
    return make_error(Errc::unsupported, "unknown DRM fourcc " + fourcc_string(drm_fourcc) +
                                             "; known formats: " + known_names());
}

Result<const PixelFormat*> find_pixel_format(std::string_view name) {
    for (const PixelFormat& format : kFormats) {
        if (format.name == name || fourcc_string(format.drm_fourcc) == name) {
            return &format;
        }
    }
    return make_error(Errc::unsupported, "unknown pixel format \"" + std::string(name) +
                                             "\"; known formats: " + known_names());
}

std::string fourcc_string(std::uint32_t fourcc) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (int shift = 0; shift < 32; shift += 8) {
        const unsigned byte = (fourcc >> shift) & 0xffU;
        if (byte >= 0x20 && byte < 0x7f) {
            text += static_cast<char>(byte);
        } else {
            text += {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 0xfU]};
        }
    }
    return text;
}

}  // namespace mrda
