// SPDX-License-Identifier: MIT
#include "mrda/vaapi/image.h"

#include <cstring>
#include <string>

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

// A mapping ends before its image.
MappedImage& MappedImage::operator=(MappedImage&& other) noexcept {
    mapping_ = std::move(other.mapping_);
    owner_ = std::move(other.owner_);
    image_ = other.image_;
    derived_ = other.derived_;
    data_ = other.data_;
    return *this;
}

Result<MappedImage> MappedImage::map(const Surface& surface, CopyLedger& ledger) {
    MRDA_TRY(surface.wait());
    MappedImage mapped;
    mapped.derived_ =
        vaDeriveImage(surface.display(), surface.id(), &mapped.image_) == VA_STATUS_SUCCESS;
    if (!mapped.derived_) {
        const VAStatus copied = copy_out(surface, mapped.image_);
        if (copied != VA_STATUS_SUCCESS) {
            return va_error(
                "vaGetImage", copied,
                "the driver can neither derive an image of this surface nor copy it out");
        }
        ledger.record("surface to CPU", "the VA driver cannot derive an image of this surface",
                      mapped.image_.data_size);
    }
    mapped.owner_.reset({surface.display(), mapped.image_.image_id});
    if (mapped.image_.num_planes < surface.format().plane_count ||
        mapped.image_.width < surface.width_px() || mapped.image_.height < surface.height_px()) {
        return make_error(
            Errc::corrupt,
            "the driver shows " + fourcc_string(mapped.image_.format.fourcc) + " " +
                std::to_string(mapped.image_.width) + "x" + std::to_string(mapped.image_.height) +
                " with " + std::to_string(mapped.image_.num_planes) + " planes for a surface of " +
                std::string(surface.format().name) + " " + std::to_string(surface.width_px()) +
                "x" + std::to_string(surface.height_px()));
    }
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

Result<void> copy_to_surface(const std::byte* from, const FrameLayout& layout,
                             const Surface& surface, CopyLedger& ledger, std::string_view reason) {
    if (&layout.format() != &surface.format() || layout.width_px() != surface.width_px() ||
        layout.height_px() != surface.height_px() || !layout.is_linear()) {
        return make_error(Errc::invalid_argument, layout.to_string() +
                                                      " does not fit a surface of " +
                                                      std::string(surface.format().name) + " " +
                                                      std::to_string(surface.width_px()) + "x" +
                                                      std::to_string(surface.height_px()));
    }
    MRDA_ASSIGN(const MappedImage image, MappedImage::map(surface, ledger));
    if (!image.writes_through()) {
        return make_error(Errc::unsupported, "the driver lets no CPU write to this surface");
    }
    for (std::size_t plane = 0; plane < layout.planes().size(); ++plane) {
        const PlaneLayout& at = layout.planes()[plane];
        for (std::uint32_t row = 0; row < layout.rows(plane); ++row) {
            std::memcpy(image.plane(plane) + std::size_t{row} * image.pitch_bytes(plane),
                        from + at.offset_bytes + std::size_t{row} * at.pitch_bytes,
                        layout.row_bytes(plane));
        }
    }
    ledger.record("memory to surface", reason, layout.packed_bytes());
    return {};
}

}  // namespace mrda::vaapi
