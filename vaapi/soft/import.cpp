// SPDX-License-Identifier: MIT
#include "import.h"

#include <drm_fourcc.h>

#include <cinttypes>
#include <climits>
#include <cstdio>
#include <span>
#include <string>

#include "status.h"

namespace mrda::va_soft {

namespace {

// More than any 8192 px row needs; it keeps pitch times rows, and libyuv's int strides, from
// overflowing.
constexpr std::uint32_t kMaxPitch_bytes = 1U << 20;

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

Error invalid(std::string message) {
    return refusal(VA_STATUS_ERROR_INVALID_PARAMETER, std::move(message));
}

std::string modifier_text(std::uint64_t modifier) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%016" PRIx64, modifier);
    return text;
}

Result<const PixelFormat*> checked_format(const ImportRequest& request, std::uint32_t fourcc,
                                          std::uint32_t width_px, std::uint32_t height_px) {
    const PixelFormat* format = find_format(fourcc);
    if (format == nullptr || format->rt_format != request.rt_format) {
        return refusal(VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT,
                       "pixel format " + fourcc_text(fourcc) + " does not belong to RT format " +
                           number(request.rt_format));
    }
    if (width_px != request.width_px || height_px != request.height_px) {
        return invalid("a surface of " + number(request.width_px) + "x" +
                       number(request.height_px) + " was asked for, memory of " + number(width_px) +
                       "x" + number(height_px) + " was described");
    }
    return format;
}

struct PlaneRange {
    MemoryObject* object = nullptr;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

Result<PlaneRange> checked_plane(const SurfaceStorage& storage, std::uint32_t index) {
    const PlaneLocation& plane = storage.planes[index];
    const PlaneFormat& grid = storage.format->planes[index];
    MemoryObject* object = storage.objects[plane.object].get();
    const std::string name = fourcc_text(storage.format->va_fourcc) + " plane " + number(index);
    const std::uint32_t row_bytes = grid.row_bytes(storage.width_px);
    if (plane.pitch_bytes < row_bytes || plane.pitch_bytes > kMaxPitch_bytes) {
        return invalid(name + ": pitch " + number(plane.pitch_bytes) + " is outside " +
                       number(row_bytes) + ".." + number(kMaxPitch_bytes));
    }
    const auto start = reinterpret_cast<std::uintptr_t>(object->data()) + plane.offset_bytes;
    if ((start | plane.pitch_bytes) % storage.format->component_bytes != 0) {
        return invalid(name + ": offset " + number(plane.offset_bytes) + " or pitch " +
                       number(plane.pitch_bytes) + " is not a multiple of " +
                       number(storage.format->component_bytes));
    }
    const std::uint64_t extent =
        std::uint64_t{plane.pitch_bytes} * (grid.rows(storage.height_px) - 1) + row_bytes;
    const std::uint64_t size = object->size_bytes();
    if (plane.offset_bytes > size || extent > size - plane.offset_bytes) {
        return invalid(name + ": " + number(extent) + " bytes at offset " +
                       number(plane.offset_bytes) + " do not fit into an object of " +
                       number(size));
    }
    return PlaneRange{object, plane.offset_bytes, plane.offset_bytes + extent};
}

Result<std::shared_ptr<Surface>> checked_surface(SurfaceStorage storage) {
    std::array<PlaneRange, kMaxPlanes> ranges{};
    for (std::uint32_t index = 0; index < storage.format->plane_count; ++index) {
        MRDA_ASSIGN(ranges[index], checked_plane(storage, index));
        for (std::uint32_t other = 0; other < index; ++other) {
            if (ranges[index].object == ranges[other].object &&
                ranges[index].begin < ranges[other].end &&
                ranges[other].begin < ranges[index].end) {
                return invalid("planes " + number(other) + " and " + number(index) + " overlap");
            }
        }
    }
    return std::make_shared<Surface>(std::move(storage));
}

// Producers give one object as several descriptors (a plane each): the same memory is mapped once,
// so that overlaps are seen and vaDeriveImage has one pointer to give.
struct ImportedObjects {
    std::vector<std::shared_ptr<MemoryObject>> unique;
    std::array<std::uint32_t, 4> slot_of{};
};

Result<ImportedObjects> import_objects(const VADRMPRIMESurfaceDescriptor& descriptor) {
    ImportedObjects imported;
    std::vector<MemoryObject::Identity> identities;
    for (std::uint32_t index = 0; index < descriptor.num_objects; ++index) {
        const auto& object = descriptor.objects[index];
        if (object.drm_format_modifier != DRM_FORMAT_MOD_LINEAR) {
            return refusal(VA_STATUS_ERROR_ATTR_NOT_SUPPORTED,
                           "modifier " + modifier_text(object.drm_format_modifier) + " of object " +
                               number(index) + " is not linear");
        }
        MRDA_ASSIGN(const MemoryObject::Identity identity, identity_of(object.fd));
        std::uint32_t slot = 0;
        while (slot < identities.size() && !(identities[slot] == identity)) {
            ++slot;
        }
        if (slot < identities.size() && imported.unique[slot]->size_bytes() != object.size) {
            return invalid("object " + number(index) + " is an earlier one with another size");
        }
        if (slot == identities.size()) {
            MRDA_ASSIGN(auto memory, MemoryObject::import_fd(object.fd, object.size));
            imported.unique.push_back(std::move(memory));
            identities.push_back(identity);
        }
        imported.slot_of[index] = slot;
    }
    return imported;
}

Result<void> check_layers(const PixelFormat& format,
                          const VADRMPRIMESurfaceDescriptor& descriptor) {
    const bool composed = descriptor.num_layers == 1;
    if (!composed && descriptor.num_layers != format.plane_count) {
        return invalid(number(descriptor.num_layers) + " layers for " + number(format.plane_count) +
                       " planes of " + fourcc_text(format.va_fourcc));
    }
    for (std::uint32_t index = 0; index < descriptor.num_layers; ++index) {
        const auto& layer = descriptor.layers[index];
        const std::uint32_t planes = composed ? format.plane_count : 1;
        const std::uint32_t expected =
            composed ? format.drm_format : format.planes[index].drm_layer;
        if (layer.drm_format != expected) {
            return refusal(VA_STATUS_ERROR_ATTR_NOT_SUPPORTED,
                           "layer " + number(index) + " is " + fourcc_text(layer.drm_format) +
                               ", not " + fourcc_text(expected));
        }
        if (layer.num_planes != planes) {
            return invalid("layer " + number(index) + " has " + number(layer.num_planes) +
                           " planes, not " + number(planes));
        }
    }
    return {};
}

Result<const PixelFormat*> check_external_buffers(const ImportRequest& request,
                                                  const VASurfaceAttribExternalBuffers& buffers,
                                                  std::uint32_t index) {
    if (buffers.buffers == nullptr || index >= buffers.num_buffers) {
        return invalid(number(buffers.num_buffers) + " external buffers, and no buffer " +
                       number(index) + " among them");
    }
    if ((buffers.flags &
         (VA_SURFACE_EXTBUF_DESC_ENABLE_TILING | VA_SURFACE_EXTBUF_DESC_PROTECTED)) != 0) {
        return refusal(VA_STATUS_ERROR_FLAG_NOT_SUPPORTED,
                       "external buffers that are tiled or protected");
    }
    MRDA_ASSIGN(const PixelFormat* format,
                checked_format(request, buffers.pixel_format, buffers.width, buffers.height));
    if (buffers.num_planes != format->plane_count) {
        return invalid(number(buffers.num_planes) + " planes for " +
                       fourcc_text(format->va_fourcc));
    }
    return format;
}

Result<std::shared_ptr<Surface>> surface_over(const PixelFormat& format,
                                              const VASurfaceAttribExternalBuffers& buffers,
                                              std::shared_ptr<MemoryObject> memory) {
    SurfaceStorage storage{&format, buffers.width, buffers.height, {std::move(memory)}, {}};
    for (std::uint32_t plane = 0; plane < format.plane_count; ++plane) {
        storage.planes[plane] = {0, buffers.offsets[plane], buffers.pitches[plane]};
    }
    return checked_surface(std::move(storage));
}

}  // namespace

Result<std::shared_ptr<Surface>> import_prime_2(const ImportRequest& request,
                                                const VADRMPRIMESurfaceDescriptor& descriptor) {
    MRDA_ASSIGN(const PixelFormat* format,
                checked_format(request, descriptor.fourcc, descriptor.width, descriptor.height));
    if (descriptor.num_objects < 1 || descriptor.num_objects > std::size(descriptor.objects)) {
        return invalid(number(descriptor.num_objects) + " objects");
    }
    MRDA_TRY(check_layers(*format, descriptor));
    MRDA_ASSIGN(ImportedObjects imported, import_objects(descriptor));
    SurfaceStorage storage{
        format, request.width_px, request.height_px, std::move(imported.unique), {}};
    for (std::uint32_t plane = 0; plane < format->plane_count; ++plane) {
        const bool composed = descriptor.num_layers == 1;
        const auto& layer = descriptor.layers[composed ? 0 : plane];
        const std::uint32_t column = composed ? plane : 0;
        if (layer.object_index[column] >= descriptor.num_objects) {
            return invalid("plane " + number(plane) + " is in object " +
                           number(layer.object_index[column]) + " of " +
                           number(descriptor.num_objects));
        }
        storage.planes[plane] = {imported.slot_of[layer.object_index[column]], layer.offset[column],
                                 layer.pitch[column]};
    }
    return checked_surface(std::move(storage));
}

Result<std::shared_ptr<Surface>> import_prime(const ImportRequest& request,
                                              const VASurfaceAttribExternalBuffers& buffers,
                                              std::uint32_t index) {
    MRDA_ASSIGN(const PixelFormat* format, check_external_buffers(request, buffers, index));
    const std::uintptr_t handle = buffers.buffers[index];
    if (handle > INT_MAX) {
        return invalid("external buffer " + number(handle) + " is no file descriptor");
    }
    MRDA_ASSIGN(auto memory, MemoryObject::import_fd(static_cast<int>(handle), buffers.data_size));
    return surface_over(*format, buffers, std::move(memory));
}

Result<std::shared_ptr<Surface>> import_user_pointer(const ImportRequest& request,
                                                     const VASurfaceAttribExternalBuffers& buffers,
                                                     std::uint32_t index) {
    MRDA_ASSIGN(const PixelFormat* format, check_external_buffers(request, buffers, index));
    auto* pointer = reinterpret_cast<void*>(buffers.buffers[index]);
    MRDA_ASSIGN(auto memory, MemoryObject::wrap(pointer, buffers.data_size));
    return surface_over(*format, buffers, std::move(memory));
}

}  // namespace mrda::va_soft
