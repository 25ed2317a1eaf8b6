// SPDX-License-Identifier: MIT
#include "image.h"

#include <algorithm>
#include <string>

#include "convert.h"
#include "driver.h"
#include "entries.h"
#include "status.h"

namespace mrda::va_soft {

namespace {

VAImage describe(const FrameView& view, const PackedLayout& layout) {
    VAImage image{};
    image.format = image_format(*view.format);
    image.width = static_cast<std::uint16_t>(view.width_px);
    image.height = static_cast<std::uint16_t>(view.height_px);
    image.data_size = layout.size_bytes;
    image.num_planes = view.format->plane_count;
    for (std::uint32_t plane = 0; plane < image.num_planes; ++plane) {
        image.pitches[plane] = layout.pitch_bytes[plane];
        image.offsets[plane] = layout.offset_bytes[plane];
    }
    return image;
}

VAStatus add_image(Driver& driver, std::shared_ptr<MemoryObject> memory,
                   std::shared_ptr<Surface> surface, const FrameView& view,
                   const PackedLayout& layout, VAImage* out) {
    auto image = std::make_shared<Image>();
    image->memory = memory;
    image->view = view;
    image->buffer_id = driver.buffers.insert(
        std::make_shared<Buffer>(std::move(memory), std::move(surface), layout.size_bytes));
    if (image->buffer_id == VA_INVALID_ID) {
        return VA_STATUS_ERROR_ALLOCATION_FAILED;
    }
    VAImage description = describe(view, layout);
    description.buf = image->buffer_id;
    description.image_id = driver.images.insert(image);
    if (description.image_id == VA_INVALID_ID) {
        driver.buffers.remove(image->buffer_id);
        return VA_STATUS_ERROR_ALLOCATION_FAILED;
    }
    *out = description;
    return VA_STATUS_SUCCESS;
}

bool derived_from(const Image& image, const Surface& surface) {
    const auto& objects = surface.storage().objects;
    return std::find(objects.begin(), objects.end(), image.memory) != objects.end();
}

VAStatus copy_pixels(const FrameView& source, const FrameView& target) {
    Converter converter;
    return converter.convert(source, target, {});
}

}  // namespace

VAStatus query_image_formats(VADriverContextP, VAImageFormat* formats, int* count) {
    *count = 0;
    for (const PixelFormat& format : pixel_formats()) {
        formats[(*count)++] = image_format(format);
    }
    return VA_STATUS_SUCCESS;
}

VAStatus create_image(VADriverContextP ctx, VAImageFormat* format, int width, int height,
                      VAImage* image) {
    return guarded([&] {
        const PixelFormat* found = format != nullptr ? find_format(format->fourcc) : nullptr;
        if (found == nullptr) {
            return VA_STATUS_ERROR_INVALID_IMAGE_FORMAT;
        }
        constexpr int kMax_px = static_cast<int>(kMaxSize_px);
        if (width < 1 || width > kMax_px || height < 1 || height > kMax_px) {
            return VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED;
        }
        FrameView view{
            found, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height), {}, {}};
        const PackedLayout layout = packed_layout(*found, view.width_px, view.height_px);
        auto memory = MemoryObject::allocate(layout.size_bytes);
        if (!memory.ok()) {
            return report(ctx, memory.error());
        }
        for (std::uint32_t plane = 0; plane < found->plane_count; ++plane) {
            view.data[plane] = (*memory)->data() + layout.offset_bytes[plane];
            view.pitch_bytes[plane] = layout.pitch_bytes[plane];
        }
        return add_image(driver_of(ctx), *memory, nullptr, view, layout, image);
    });
}

// The image is the surface's own memory, so it begins where the surface's object begins. A surface
// whose planes are in several objects has no one pointer: vaGetImage and vaPutImage serve that.
VAStatus derive_image(VADriverContextP ctx, VASurfaceID id, VAImage* image) {
    return guarded([&] {
        Driver& driver = driver_of(ctx);
        const auto surface = driver.surfaces.find(id);
        if (surface == nullptr) {
            return VA_STATUS_ERROR_INVALID_SURFACE;
        }
        const SurfaceStorage& storage = surface->storage();
        if (storage.objects.size() != 1) {
            return report(ctx, refusal(VA_STATUS_ERROR_OPERATION_FAILED,
                                       "a surface in several objects cannot be one image"));
        }
        PackedLayout layout;
        layout.size_bytes = static_cast<std::uint32_t>(storage.objects[0]->size_bytes());
        for (std::uint32_t plane = 0; plane < storage.format->plane_count; ++plane) {
            layout.offset_bytes[plane] = storage.planes[plane].offset_bytes;
            layout.pitch_bytes[plane] = storage.planes[plane].pitch_bytes;
        }
        return add_image(driver, storage.objects[0], surface, surface->view(), layout, image);
    });
}

VAStatus destroy_image(VADriverContextP ctx, VAImageID id) {
    return guarded([&] {
        Driver& driver = driver_of(ctx);
        const auto image = driver.images.remove(id);
        if (image == nullptr) {
            return VA_STATUS_ERROR_INVALID_IMAGE;
        }
        driver.buffers.remove(image->buffer_id);
        return VA_STATUS_SUCCESS;
    });
}

VAStatus get_image(VADriverContextP ctx, VASurfaceID surface_id, int x, int y, unsigned width,
                   unsigned height, VAImageID image_id) {
    return guarded([&] {
        Driver& driver = driver_of(ctx);
        const auto surface = driver.surfaces.find(surface_id);
        const auto image = driver.images.find(image_id);
        if (surface == nullptr) {
            return VA_STATUS_ERROR_INVALID_SURFACE;
        }
        if (image == nullptr) {
            return VA_STATUS_ERROR_INVALID_IMAGE;
        }
        const auto source = crop(surface->view(), {x, y, width, height});
        const auto target = crop(image->view, {0, 0, width, height});
        if (!source || !target || derived_from(*image, *surface)) {
            return VA_STATUS_ERROR_INVALID_PARAMETER;
        }
        if (!surface->wait_idle(VA_TIMEOUT_INFINITE)) {
            return VA_STATUS_ERROR_TIMEDOUT;
        }
        const auto reading = surface->cpu_access();
        const CpuAccess writing(image->memory);
        return copy_pixels(*source, *target);
    });
}

VAStatus put_image(VADriverContextP ctx, VASurfaceID surface_id, VAImageID image_id, int source_x,
                   int source_y, unsigned source_width, unsigned source_height, int target_x,
                   int target_y, unsigned target_width, unsigned target_height) {
    return guarded([&] {
        Driver& driver = driver_of(ctx);
        const auto surface = driver.surfaces.find(surface_id);
        const auto image = driver.images.find(image_id);
        if (surface == nullptr) {
            return VA_STATUS_ERROR_INVALID_SURFACE;
        }
        if (image == nullptr) {
            return VA_STATUS_ERROR_INVALID_IMAGE;
        }
        if (surface->held_by_others()) {
            return VA_STATUS_ERROR_SURFACE_BUSY;
        }
        const auto source = crop(image->view, {source_x, source_y, source_width, source_height});
        const auto target =
            crop(surface->view(), {target_x, target_y, target_width, target_height});
        if (!source || !target || derived_from(*image, *surface)) {
            return VA_STATUS_ERROR_INVALID_PARAMETER;
        }
        if (!surface->wait_idle(VA_TIMEOUT_INFINITE)) {
            return VA_STATUS_ERROR_TIMEDOUT;
        }
        const CpuAccess reading(image->memory);
        const auto writing = surface->cpu_access();
        return copy_pixels(*source, *target);
    });
}

}  // namespace mrda::va_soft
