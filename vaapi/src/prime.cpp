// SPDX-License-Identifier: MIT
#include "prime.h"

#include <drm_fourcc.h>

#include <array>
#include <limits>
#include <vector>

#include "va_format.h"

namespace mrda::vaapi {

namespace {

constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();

/// VA's descriptors have 32 bits for sizes and offsets.
Result<void> check_32_bits(std::uint64_t base_bytes, std::uint64_t object_bytes,
                           const FrameLayout& layout) {
    if (object_bytes > kMax32 || base_bytes > kMax32 || layout.size_bytes() > kMax32 - base_bytes) {
        return make_error(Errc::unsupported, layout.to_string() + " at offset " +
                                                 std::to_string(base_bytes) + " of an object of " +
                                                 std::to_string(object_bytes) +
                                                 " bytes: libva's descriptors reach 4 GiB");
    }
    return {};
}

/// Intel's driver names RGBA's bytes backwards, and only there.
std::uint32_t drm_format_of(const VADRMPRIMESurfaceDescriptor& descriptor) {
    const std::uint32_t told = descriptor.layers[0].drm_format;
    return descriptor.fourcc == VA_FOURCC_RGBA && told == DRM_FORMAT_RGBA8888
               ? std::uint32_t{DRM_FORMAT_ABGR8888}
               : told;
}

}  // namespace

Result<VADRMPRIMESurfaceDescriptor> to_prime_descriptor(const DmaBuf& object,
                                                        const FrameLayout& layout) {
    MRDA_ASSIGN(const VaFormat format, va_format_of(layout.format().drm_fourcc));
    MRDA_TRY(check_32_bits(object.offset_bytes(), object.object_bytes(), layout));
    VADRMPRIMESurfaceDescriptor descriptor{};
    descriptor.fourcc = format.va_fourcc;
    descriptor.width = layout.width_px();
    descriptor.height = layout.height_px();
    descriptor.num_objects = 1;
    descriptor.objects[0].fd = object.fd();
    descriptor.objects[0].size = static_cast<std::uint32_t>(object.object_bytes());
    descriptor.objects[0].drm_format_modifier = layout.modifier();
    descriptor.num_layers = 1;
    auto& layer = descriptor.layers[0];
    layer.drm_format = format.drm_fourcc;
    layer.num_planes = static_cast<std::uint32_t>(layout.planes().size());
    for (std::size_t i = 0; i < layout.planes().size(); ++i) {
        const PlaneLayout& plane = layout.planes()[i];
        layer.object_index[i] = 0;
        layer.offset[i] = static_cast<std::uint32_t>(object.offset_bytes() + plane.offset_bytes);
        layer.pitch[i] = plane.pitch_bytes;
    }
    return descriptor;
}

Result<SurfaceExport> from_prime_descriptor(const VADRMPRIMESurfaceDescriptor& descriptor) {
    std::vector<Fd> objects;
    for (std::uint32_t i = 0; i < descriptor.num_objects && i < 4; ++i) {
        objects.emplace_back(descriptor.objects[i].fd);
    }
    if (objects.size() != 1 || descriptor.num_layers != 1 || descriptor.layers[0].num_planes > 4) {
        return make_error(Errc::unsupported, "the driver exported a surface as " +
                                                 std::to_string(descriptor.num_objects) +
                                                 " objects and " +
                                                 std::to_string(descriptor.num_layers) +
                                                 " layers; this toolkit takes one of each");
    }
    const auto& layer = descriptor.layers[0];
    const std::uint64_t modifier = descriptor.objects[0].drm_format_modifier;
    const std::uint32_t drm_fourcc = drm_format_of(descriptor);
    MRDA_ASSIGN(const PixelFormat* format, find_pixel_format(drm_fourcc));
    if (layer.num_planes > format->plane_count) {
        return make_error(Errc::unsupported,
                          "the driver exported " +
                              mrda::to_string(FormatAndModifier{drm_fourcc, modifier}) + " with " +
                              std::to_string(layer.num_planes) + " planes, the format has " +
                              std::to_string(format->plane_count) +
                              (modifier == DRM_FORMAT_MOD_LINEAR
                                   ? ": linear memory has no others, so the driver's description "
                                     "is wrong; try another version of the driver"
                                   : ": this modifier keeps compression data in the others, which "
                                     "this toolkit does not carry; export a surface without "
                                     "compression"));
    }
    std::array<PlaneLayout, 4> planes{};
    for (std::uint32_t i = 0; i < layer.num_planes; ++i) {
        planes[i] = {layer.offset[i], layer.pitch[i]};
    }
    MRDA_ASSIGN(const FrameLayout layout,
                FrameLayout::from_planes(drm_fourcc, descriptor.width, descriptor.height, modifier,
                                         {planes.data(), layer.num_planes}));
    MRDA_ASSIGN(DmaBuf object,
                DmaBuf::adopt(std::move(objects[0]), 0, descriptor.objects[0].size, "VA surface"));
    MRDA_TRY(layout.check_fits(object.size_bytes()));
    return SurfaceExport{std::move(object), layout};
}

Result<VASurfaceAttribExternalBuffers> to_external_buffers(std::uintptr_t* handle,
                                                           std::uint64_t base_bytes,
                                                           std::uint64_t object_bytes,
                                                           const FrameLayout& layout) {
    MRDA_ASSIGN(const VaFormat format, va_format_of(layout.format().drm_fourcc));
    MRDA_TRY(check_32_bits(base_bytes, object_bytes, layout));
    VASurfaceAttribExternalBuffers buffers{};
    buffers.pixel_format = format.va_fourcc;
    buffers.width = layout.width_px();
    buffers.height = layout.height_px();
    buffers.data_size = static_cast<std::uint32_t>(object_bytes);
    buffers.num_planes = static_cast<std::uint32_t>(layout.planes().size());
    for (std::size_t i = 0; i < layout.planes().size(); ++i) {
        buffers.pitches[i] = layout.planes()[i].pitch_bytes;
        buffers.offsets[i] =
            static_cast<std::uint32_t>(base_bytes + layout.planes()[i].offset_bytes);
    }
    buffers.buffers = handle;
    buffers.num_buffers = 1;
    return buffers;
}

}  // namespace mrda::vaapi
