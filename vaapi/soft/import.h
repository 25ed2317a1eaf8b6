// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>
#include <va/va_drmcommon.h>

#include <cstdint>
#include <memory>

#include "mrda/interop/result.h"
#include "surface.h"

namespace mrda::va_soft {

/// What vaCreateSurfaces was asked for, beside the description of the memory.
struct ImportRequest {
    std::uint32_t rt_format = 0;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
};

// All three trust nothing that they are told: size and format must agree with the request, every
// plane must lie within its object, the object within what its descriptor really has, and planes
// must not overlap. Planes side by side in the same rows count as overlapping. Descriptors stay the
// caller's.

/// VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2. Linear modifiers only: another one, and a layer format
/// that is not the surface's own, is VA_STATUS_ERROR_ATTR_NOT_SUPPORTED.
Result<std::shared_ptr<Surface>> import_prime_2(const ImportRequest& request,
                                                const VADRMPRIMESurfaceDescriptor& descriptor);
/// VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME: the `index`th buffer is a descriptor.
Result<std::shared_ptr<Surface>> import_prime(const ImportRequest& request,
                                              const VASurfaceAttribExternalBuffers& buffers,
                                              std::uint32_t index);
/// VA_SURFACE_ATTRIB_MEM_TYPE_USER_PTR: the `index`th buffer is a pointer, used as it is.
Result<std::shared_ptr<Surface>> import_user_pointer(const ImportRequest& request,
                                                     const VASurfaceAttribExternalBuffers& buffers,
                                                     std::uint32_t index);

}  // namespace mrda::va_soft
