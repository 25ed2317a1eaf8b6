// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <cstdint>

#include "mrda/interop/pixel_format.h"
#include "mrda/interop/result.h"

namespace mrda::vaapi {

/// libva's names for a pixel format. A VA fourcc is not a DRM fourcc: RGB formats differ.
struct VaFormat {
    std::uint32_t drm_fourcc;
    std::uint32_t va_fourcc;
    std::uint32_t rt_format;
};

Result<VaFormat> va_format_of(std::uint32_t drm_fourcc);
VAImageFormat image_format_of(const PixelFormat& format);

}  // namespace mrda::vaapi
