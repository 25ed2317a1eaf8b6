// SPDX-License-Identifier: MIT
#include <drm_fourcc.h>
#include <va/va_drmcommon.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "driver.h"
#include "entries.h"
#include "import.h"
#include "status.h"

namespace mrda::va_soft {

namespace {

/// The attributes of a vaCreateSurfaces call, each of the right type.
struct SurfaceRequest {
    std::uint32_t rt_format = 0;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t memory_type = VA_SURFACE_ATTRIB_MEM_TYPE_VA;
    const PixelFormat* format = nullptr;
    const void* external = nullptr;
    const VADRMFormatModifierList* modifiers = nullptr;
};

Error unsupported_attribute(VASurfaceAttribType type) {
    return refusal(VA_STATUS_ERROR_ATTR_NOT_SUPPORTED,
                   "surface attribute " + std::to_string(type) + " is not supported here");
}

Result<void> take_attribute(SurfaceRequest& request, const VASurfaceAttrib& attribute) {
    const bool pointer = attribute.type == VASurfaceAttribExternalBufferDescriptor ||
                         attribute.type == VASurfaceAttribDRMFormatModifiers;
    const auto expected = pointer ? VAGenericValueTypePointer : VAGenericValueTypeInteger;
    if (attribute.value.type != expected) {
        return refusal(
            VA_STATUS_ERROR_INVALID_PARAMETER,
            "surface attribute " + std::to_string(attribute.type) + " has a value of another type");
    }
    const auto integer = static_cast<std::uint32_t>(attribute.value.value.i);
    switch (attribute.type) {
        case VASurfaceAttribPixelFormat:
            request.format = find_format(integer);
            if (request.format == nullptr) {
                return refusal(VA_STATUS_ERROR_ATTR_NOT_SUPPORTED,
                               "pixel format " + fourcc_text(integer) + " is not supported");
            }
            return {};
        case VASurfaceAttribMemoryType:
            request.memory_type = integer;
            return {};
        case VASurfaceAttribExternalBufferDescriptor:
            request.external = attribute.value.value.p;
            return {};
        case VASurfaceAttribUsageHint:
            return {};
        case VASurfaceAttribDRMFormatModifiers:
            request.modifiers =
                static_cast<const VADRMFormatModifierList*>(attribute.value.value.p);
            return {};
        default:
            return unsupported_attribute(attribute.type);
    }
}

Result<void> check_size(const SurfaceRequest& request) {
    const auto fits = [](std::uint32_t size) { return size >= kMinSize_px && size <= kMaxSize_px; };
    if (!fits(request.width_px) || !fits(request.height_px)) {
        return refusal(VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED,
                       std::to_string(request.width_px) + "x" + std::to_string(request.height_px) +
                           " is outside 1..8192");
    }
    return {};
}

Result<void> check_own_memory(SurfaceRequest& request) {
    if (request.external != nullptr) {
        return refusal(VA_STATUS_ERROR_INVALID_PARAMETER,
                       "external buffers need a memory type that is not the driver's own");
    }
    if (request.format == nullptr) {
        request.format = default_format(request.rt_format);
    }
    if (request.format == nullptr || request.format->rt_format != request.rt_format) {
        return refusal(VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT,
                       "RT format " + std::to_string(request.rt_format) +
                           " is not supported, or not the pixel format's");
    }
    if (request.modifiers != nullptr) {
        const std::span modifiers(request.modifiers->modifiers, request.modifiers->num_modifiers);
        if (std::find(modifiers.begin(), modifiers.end(), DRM_FORMAT_MOD_LINEAR) ==
            modifiers.end()) {
            return refusal(VA_STATUS_ERROR_ATTR_NOT_SUPPORTED,
                           "surfaces are linear, and linear is not among the modifiers");
        }
    }
    return {};
}

Result<std::shared_ptr<Surface>> import_surface(const SurfaceRequest& request,
                                                std::uint32_t index) {
    const ImportRequest import{request.rt_format, request.width_px, request.height_px};
    switch (request.memory_type) {
        case VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2:
            return import_prime_2(
                import, static_cast<const VADRMPRIMESurfaceDescriptor*>(request.external)[index]);
        case VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME:
            return import_prime(
                import, *static_cast<const VASurfaceAttribExternalBuffers*>(request.external),
                index);
        default:
            return import_user_pointer(
                import, *static_cast<const VASurfaceAttribExternalBuffers*>(request.external),
                index);
    }
}

Result<std::shared_ptr<Surface>> make_surface(SurfaceRequest& request, std::uint32_t index) {
    switch (request.memory_type) {
        case VA_SURFACE_ATTRIB_MEM_TYPE_VA:
            MRDA_TRY(check_own_memory(request));
            return Surface::allocate(*request.format, request.width_px, request.height_px);
        case VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2:
        case VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME:
        case VA_SURFACE_ATTRIB_MEM_TYPE_USER_PTR: {
            if (request.external == nullptr) {
                return refusal(VA_STATUS_ERROR_INVALID_PARAMETER,
                               "an import needs an external buffer descriptor");
            }
            if (request.modifiers != nullptr) {
                return refusal(VA_STATUS_ERROR_INVALID_PARAMETER,
                               "a list of modifiers is for surfaces that the driver allocates");
            }
            MRDA_ASSIGN(auto surface, import_surface(request, index));
            if (request.format != nullptr && request.format != surface->storage().format) {
                return refusal(VA_STATUS_ERROR_INVALID_PARAMETER,
                               "the pixel format attribute and the descriptor disagree");
            }
            return surface;
        }
        default:
            return refusal(VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE,
                           "memory type " + std::to_string(request.memory_type));
    }
}

Result<std::vector<std::shared_ptr<Surface>>> make_surfaces(
    SurfaceRequest request, std::span<const VASurfaceAttrib> attributes, std::uint32_t count) {
    MRDA_TRY(check_size(request));
    for (const VASurfaceAttrib& attribute : attributes) {
        MRDA_TRY(take_attribute(request, attribute));
    }
    std::vector<std::shared_ptr<Surface>> surfaces;
    for (std::uint32_t index = 0; index < count; ++index) {
        MRDA_ASSIGN(auto surface, make_surface(request, index));
        surfaces.push_back(std::move(surface));
    }
    return surfaces;
}

VASurfaceAttrib integer_attribute(VASurfaceAttribType type, std::uint32_t flags,
                                  std::uint32_t value) {
    VASurfaceAttrib attribute{};
    attribute.type = type;
    attribute.flags = flags;
    attribute.value.type = VAGenericValueTypeInteger;
    attribute.value.value.i = static_cast<int>(value);
    return attribute;
}

std::vector<VASurfaceAttrib> surface_attributes(const Config& config) {
    constexpr std::uint32_t kGet = VA_SURFACE_ATTRIB_GETTABLE;
    constexpr std::uint32_t kGetSet = VA_SURFACE_ATTRIB_GETTABLE | VA_SURFACE_ATTRIB_SETTABLE;
    std::vector<VASurfaceAttrib> attributes;
    for (const PixelFormat& format : pixel_formats()) {
        if ((format.rt_format & config.rt_formats) != 0) {
            attributes.push_back(
                integer_attribute(VASurfaceAttribPixelFormat, kGetSet, format.va_fourcc));
        }
    }
    attributes.push_back(integer_attribute(VASurfaceAttribMinWidth, kGet, kMinSize_px));
    attributes.push_back(integer_attribute(VASurfaceAttribMaxWidth, kGet, kMaxSize_px));
    attributes.push_back(integer_attribute(VASurfaceAttribMinHeight, kGet, kMinSize_px));
    attributes.push_back(integer_attribute(VASurfaceAttribMaxHeight, kGet, kMaxSize_px));
    attributes.push_back(integer_attribute(
        VASurfaceAttribMemoryType, kGetSet,
        VA_SURFACE_ATTRIB_MEM_TYPE_VA | VA_SURFACE_ATTRIB_MEM_TYPE_USER_PTR |
            VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME | VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2));
    VASurfaceAttrib external{};
    external.type = VASurfaceAttribExternalBufferDescriptor;
    external.flags = VA_SURFACE_ATTRIB_SETTABLE;
    external.value.type = VAGenericValueTypePointer;
    attributes.push_back(external);
    return attributes;
}

}  // namespace

VAStatus create_surfaces2(VADriverContextP ctx, unsigned format, unsigned width, unsigned height,
                          VASurfaceID* ids, unsigned count, VASurfaceAttrib* attributes,
                          unsigned attribute_count) {
    return guarded([&] {
        if (ids == nullptr || count == 0 || (attributes == nullptr && attribute_count > 0)) {
            return VA_STATUS_ERROR_INVALID_PARAMETER;
        }
        SurfaceRequest request;
        request.rt_format = format;
        request.width_px = width;
        request.height_px = height;
        auto surfaces = make_surfaces(request, std::span(attributes, attribute_count), count);
        if (!surfaces.ok()) {
            return report(ctx, surfaces.error());
        }
        Driver& driver = driver_of(ctx);
        for (unsigned index = 0; index < count; ++index) {
            ids[index] = driver.surfaces.insert(std::move((*surfaces)[index]));
            if (ids[index] == VA_INVALID_ID) {
                while (index-- > 0) {
                    driver.surfaces.remove(ids[index]);
                }
                return VA_STATUS_ERROR_ALLOCATION_FAILED;
            }
        }
        return VA_STATUS_SUCCESS;
    });
}

VAStatus create_surfaces(VADriverContextP ctx, int width, int height, int format, int count,
                         VASurfaceID* ids) {
    if (width < 0 || height < 0 || count < 0) {
        return VA_STATUS_ERROR_INVALID_PARAMETER;
    }
    return create_surfaces2(ctx, static_cast<unsigned>(format), static_cast<unsigned>(width),
                            static_cast<unsigned>(height), ids, static_cast<unsigned>(count),
                            nullptr, 0);
}

// All of them or none: a list with a stale handle in it destroys nothing.
VAStatus destroy_surfaces(VADriverContextP ctx, VASurfaceID* ids, int count) {
    return guarded([&] {
        if (ids == nullptr || count <= 0) {
            return VA_STATUS_ERROR_INVALID_PARAMETER;
        }
        Driver& driver = driver_of(ctx);
        const std::span handles(ids, static_cast<std::size_t>(count));
        const bool all_live = std::all_of(handles.begin(), handles.end(), [&](VASurfaceID id) {
            return driver.surfaces.find(id) != nullptr;
        });
        if (!all_live) {
            return VA_STATUS_ERROR_INVALID_SURFACE;
        }
        for (const VASurfaceID id : handles) {
            driver.surfaces.remove(id);
        }
        return VA_STATUS_SUCCESS;
    });
}

VAStatus query_surface_attributes(VADriverContextP ctx, VAConfigID config,
                                  VASurfaceAttrib* attributes, unsigned* count) {
    return guarded([&] {
        const auto found = driver_of(ctx).configs.find(config);
        if (found == nullptr) {
            return VA_STATUS_ERROR_INVALID_CONFIG;
        }
        if (count == nullptr) {
            return VA_STATUS_ERROR_INVALID_PARAMETER;
        }
        const auto all = surface_attributes(*found);
        const unsigned room = std::exchange(*count, static_cast<unsigned>(all.size()));
        if (attributes == nullptr) {
            return VA_STATUS_SUCCESS;
        }
        if (room < all.size()) {
            return VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
        }
        std::copy(all.begin(), all.end(), attributes);
        return VA_STATUS_SUCCESS;
    });
}

VAStatus sync_surface2(VADriverContextP ctx, VASurfaceID id, std::uint64_t timeout_ns) {
    return guarded([&] {
        const auto surface = driver_of(ctx).surfaces.find(id);
        if (surface == nullptr) {
            return VA_STATUS_ERROR_INVALID_SURFACE;
        }
        return surface->wait_idle(timeout_ns) ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_TIMEDOUT;
    });
}

VAStatus sync_surface(VADriverContextP ctx, VASurfaceID id) {
    return sync_surface2(ctx, id, VA_TIMEOUT_INFINITE);
}

VAStatus query_surface_status(VADriverContextP ctx, VASurfaceID id, VASurfaceStatus* status) {
    return guarded([&] {
        const auto surface = driver_of(ctx).surfaces.find(id);
        if (surface == nullptr) {
            return VA_STATUS_ERROR_INVALID_SURFACE;
        }
        *status = surface->idle() ? VASurfaceReady : VASurfaceRendering;
        return VA_STATUS_SUCCESS;
    });
}

}  // namespace mrda::va_soft
