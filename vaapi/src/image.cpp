// SPDX-License-Identifier: MIT
#include "mrda/vaapi/image.h"

#include "va_error.h"
#include "va_format.h"

namespace mrda::vaapi {

namespace {

/// A linear copy of the surface, for drivers whose surfaces cannot be derived.
VAStatus copy_out(const Surface& surface, VAImage& image) {
    VAImageFormat format = image_format_of(surface.format());
    VAStatus status =
        vaCreateImage(surface.display(), &format, static_cast<int>(surface.width_px()),
                      static_cast<int>(surface.height_px()), &image);
    if (status != VA_STATUS_SUCCESS) {
        return status;
    }
    status = vaGetImage(surface.display(), surface.id(), 0, 0, surface.width_px(),
                        surface.height_px(), image.image_id);
    if (status != VA_STATUS_SUCCESS) {
        vaDestroyImage(surface.display(), image.image_id);
    }
    return status;
}

}  // namespace

void ImagePolicy::close(Handle image) {
    vaDestroyImage(image.display, image.id);
}
void MappingPolicy::close(Handle mapping) {
    vaUnmapBuffer(mapping.display, mapping.buffer);
}

Result<MappedImage> MappedImage::map(const Surface& surface, CopyLedger& ledger) {
    MRDA_TRY(surface.wait());
    MappedImage mapped;
    mapped.derived_ =
        vaDeriveImage(surface.display(), surface.id(), &mapped.image_) == VA_STATUS_SUCCESS;
    if (!mapped.derived_) {
        MRDA_VA_TRY(copy_out, (surface, mapped.image_),
                    "the driver can neither derive an image of this surface nor copy it out");
        ledger.record("surface to CPU", "the VA driver cannot derive an image of this surface",
                      mapped.image_.data_size);
    }
    mapped.owner_.reset({surface.display(), mapped.image_.image_id});
    void* data = nullptr;
    MRDA_VA_TRY(vaMapBuffer, (surface.display(), mapped.image_.buf, &data),
                "cannot map a surface's image");
    mapped.mapping_.reset({surface.display(), mapped.image_.buf});
    mapped.data_ = static_cast<std::byte*>(data);
    return mapped;
}

std::byte* MappedImage::plane(std::size_t index) const {
    return data_ + image_.offsets[index];
}

}  // namespace mrda::vaapi
