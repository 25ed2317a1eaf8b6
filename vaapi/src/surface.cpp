// SPDX-License-Identifier: MIT
#include "mrda/vaapi/surface.h"

#include <va/va_drmcommon.h>

#include <vector>

#include "prime.h"
#include "va_error.h"
#include "va_format.h"

namespace mrda::vaapi {

namespace {

Result<void> wait_for(VADisplay display, VASurfaceID id, std::uint64_t timeout_ns) {
    // vaSyncSurface2 came with VA 1.9 and stays unimplemented in some drivers.
    VAStatus status = timeout_ns == kWaitForever ? VA_STATUS_ERROR_UNIMPLEMENTED
                                                 : vaSyncSurface2(display, id, timeout_ns);
    if (status == VA_STATUS_ERROR_UNIMPLEMENTED) {
        status = vaSyncSurface(display, id);
    }
    // Intel's driver says so of a surface that a VideoProcessor wrote which is gone: that one has
    // waited.
    if (status != VA_STATUS_SUCCESS && status != VA_STATUS_ERROR_INVALID_CONTEXT) {
        return va_error("vaSyncSurface", status, "cannot wait for surface " + std::to_string(id));
    }
    return {};
}

}  // namespace

void SurfacePolicy::close(Handle surface) {
    vaDestroySurfaces(surface.display, &surface.id, 1);
}

Result<Surface> Surface::allocate(const Display& display, std::uint32_t drm_fourcc,
                                  std::uint32_t width_px, std::uint32_t height_px) {
    // FrameLayout knows what sizes there are; the driver decides how the pixels lie.
    MRDA_ASSIGN(const FrameLayout shape, FrameLayout::linear(drm_fourcc, width_px, height_px));
    MRDA_ASSIGN(const VaFormat format, va_format_of(drm_fourcc));
    VASurfaceAttrib attribute{};
    attribute.type = VASurfaceAttribPixelFormat;
    attribute.flags = VA_SURFACE_ATTRIB_SETTABLE;
    attribute.value.type = VAGenericValueTypeInteger;
    attribute.value.value.i = static_cast<int>(format.va_fourcc);
    VASurfaceID id = VA_INVALID_SURFACE;
    MRDA_VA_TRY(vaCreateSurfaces,
                (display.handle(), format.rt_format, width_px, height_px, &id, 1, &attribute, 1),
                "cannot allocate a surface of " + shape.to_string());
    return Surface({display.handle(), id}, shape.format(), width_px, height_px);
}

Result<void> Surface::wait(std::uint64_t timeout_ns) const {
    return wait_for(display(), id(), timeout_ns);
}

Sync Surface::sync() const {
    return Sync::pending(Sync::Kind::surface, display(), id(),
                         [](void* va_display, std::uint64_t surface, std::uint64_t timeout_ns) {
                             return wait_for(va_display, static_cast<VASurfaceID>(surface),
                                             timeout_ns);
                         });
}

Result<SurfaceExport> Surface::export_dma_buf() const {
    VADRMPRIMESurfaceDescriptor descriptor{};
    MRDA_VA_TRY(vaExportSurfaceHandle,
                (display(), id(), VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2,
                 VA_EXPORT_SURFACE_READ_WRITE | VA_EXPORT_SURFACE_COMPOSED_LAYERS, &descriptor),
                "cannot export surface " + std::to_string(id()));
    return from_prime_descriptor(descriptor);
}

}  // namespace mrda::vaapi
