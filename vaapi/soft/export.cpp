// SPDX-License-Identifier: MIT
#include <drm_fourcc.h>
#include <va/va_drmcommon.h>

#include <string>
#include <vector>

#include "driver.h"
#include "entries.h"
#include "status.h"

namespace mrda::va_soft {

namespace {

// DRM PRIME objects are 32 bits long in the descriptor; what is allocated or imported always fits.
Result<VADRMPRIMESurfaceDescriptor> describe(const SurfaceStorage& storage, bool composed,
                                             std::vector<Fd>& descriptors) {
    const PixelFormat& format = *storage.format;
    VADRMPRIMESurfaceDescriptor result{};
    result.fourcc = format.va_fourcc;
    result.width = storage.width_px;
    result.height = storage.height_px;
    result.num_objects = static_cast<std::uint32_t>(storage.objects.size());
    for (std::uint32_t index = 0; index < result.num_objects; ++index) {
        MRDA_ASSIGN(Fd fd, storage.objects[index]->export_fd());
        result.objects[index].fd = fd.get();
        result.objects[index].size =
            static_cast<std::uint32_t>(storage.objects[index]->size_bytes());
        result.objects[index].drm_format_modifier = DRM_FORMAT_MOD_LINEAR;
        descriptors.push_back(std::move(fd));
    }
    result.num_layers = composed ? 1 : format.plane_count;
    for (std::uint32_t plane = 0; plane < format.plane_count; ++plane) {
        auto& layer = result.layers[composed ? 0 : plane];
        const std::uint32_t column = composed ? plane : 0;
        layer.drm_format = composed ? format.drm_format : format.planes[plane].drm_layer;
        layer.num_planes = column + 1;
        layer.object_index[column] = storage.planes[plane].object;
        layer.offset[column] = storage.planes[plane].offset_bytes;
        layer.pitch[column] = storage.planes[plane].pitch_bytes;
    }
    return result;
}

}  // namespace

// Descriptors are new each time, and the caller's to close. They carry the rights of the memory,
// which may be more than VA_EXPORT_SURFACE_READ_ONLY or WRITE_ONLY asks for.
VAStatus export_surface_handle(VADriverContextP ctx, VASurfaceID id, std::uint32_t memory_type,
                               std::uint32_t flags, void* descriptor) {
    return guarded([&] {
        const auto surface = driver_of(ctx).surfaces.find(id);
        if (surface == nullptr) {
            return VA_STATUS_ERROR_INVALID_SURFACE;
        }
        if (memory_type != VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2) {
            return VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE;
        }
        constexpr std::uint32_t kLayers =
            VA_EXPORT_SURFACE_SEPARATE_LAYERS | VA_EXPORT_SURFACE_COMPOSED_LAYERS;
        if ((flags & ~(kLayers | VA_EXPORT_SURFACE_READ_WRITE)) != 0) {
            return VA_STATUS_ERROR_FLAG_NOT_SUPPORTED;
        }
        const std::uint32_t layers = flags & kLayers;
        if (descriptor == nullptr || layers == 0 || layers == kLayers) {
            return VA_STATUS_ERROR_INVALID_PARAMETER;
        }
        std::vector<Fd> descriptors;
        const auto described =
            describe(surface->storage(), layers == VA_EXPORT_SURFACE_COMPOSED_LAYERS, descriptors);
        if (!described.ok()) {
            return report(ctx, described.error());
        }
        *static_cast<VADRMPRIMESurfaceDescriptor*>(descriptor) = *described;
        for (Fd& fd : descriptors) {
            static_cast<void>(fd.release());
        }
        return VA_STATUS_SUCCESS;
    });
}

}  // namespace mrda::va_soft
