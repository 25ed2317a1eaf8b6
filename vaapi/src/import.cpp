// SPDX-License-Identifier: MIT
#include "mrda/vaapi/import.h"

#include <drm_fourcc.h>
#include <va/va_drmcommon.h>

#include <array>

#include "mrda/interop/seals.h"
#include "prime.h"
#include "probe_pattern.h"
#include "tiling.h"
#include "va_error.h"
#include "va_format.h"
#include "verified_layouts.h"

namespace mrda::vaapi {

namespace {

constexpr std::uint32_t kPitchAlignment = 64;
constexpr std::uintptr_t kPageBytes = 4096;

/// What every driver must be able to rely on, whichever route is taken.
Result<void> check_layout(const FrameLayout& layout) {
    for (std::size_t i = 0; i < layout.planes().size(); ++i) {
        const PlaneLayout& plane = layout.planes()[i];
        const std::uint32_t alignment = i == 0 ? kPitchAlignment : kPitchAlignment / 2;
        if (plane.pitch_bytes % alignment != 0) {
            return make_error(Errc::invalid_argument,
                              layout.to_string() + ": plane " + std::to_string(i) +
                                  " has a pitch of " + std::to_string(plane.pitch_bytes) +
                                  " bytes; it must be a multiple of " + std::to_string(alignment));
        }
    }
    return {};
}

/// Tiles are whole, and reach further than the rows in them.
Result<void> check_tiles_of(const FrameLayout& layout, std::size_t index, const Tiling& tiling,
                            std::uint64_t object_bytes) {
    const PlaneLayout& plane = layout.planes()[index];
    const std::string which = layout.to_string() + ": plane " + std::to_string(index);
    if (plane.pitch_bytes % tiling.tile_row_bytes != 0) {
        return make_error(Errc::invalid_argument,
                          which + " has a pitch of " + std::to_string(plane.pitch_bytes) +
                              " bytes; this modifier's tiles are " +
                              std::to_string(tiling.tile_row_bytes) + " bytes wide");
    }
    const std::uint64_t row_of_tiles = tiling.row_of_tiles_bytes(plane.pitch_bytes);
    if (plane.offset_bytes % row_of_tiles != 0) {
        // Nobody says whether the tiles of such a plane begin with it or with the object.
        return make_error(Errc::invalid_argument,
                          which + " begins at byte " + std::to_string(plane.offset_bytes) +
                              ", inside a row of tiles; it must be a multiple of " +
                              std::to_string(row_of_tiles));
    }
    const std::uint64_t extent = tiling.extent_bytes(plane.pitch_bytes, layout.rows(index));
    if (extent > object_bytes - plane.offset_bytes) {
        return make_error(Errc::invalid_argument,
                          which + " takes " + std::to_string(extent) +
                              " bytes in whole tiles; the object has " +
                              std::to_string(object_bytes - plane.offset_bytes) + " there");
    }
    return {};
}

/// The planes' rows must fit the object: see FrameLayout::check_fits.
Result<void> check_tiles(const FrameLayout& layout, std::uint64_t object_bytes) {
    const Tiling* const tiling = find_tiling(layout.modifier());
    const auto planes = layout.planes();
    const auto end_of = [&](std::size_t i) {
        return planes[i].offset_bytes + tiling->extent_bytes(planes[i].pitch_bytes, layout.rows(i));
    };
    for (std::size_t i = 0; tiling != nullptr && i < planes.size(); ++i) {
        MRDA_TRY(check_tiles_of(layout, i, *tiling, object_bytes));
        for (std::size_t j = 0; j < i; ++j) {
            if (planes[i].offset_bytes < end_of(j) && planes[j].offset_bytes < end_of(i)) {
                return make_error(Errc::invalid_argument,
                                  layout.to_string() + ": plane " + std::to_string(i) +
                                      " at offset " + std::to_string(planes[i].offset_bytes) +
                                      " shares tiles with plane " + std::to_string(j) + " at " +
                                      std::to_string(planes[j].offset_bytes) + ", which ends at " +
                                      std::to_string(end_of(j)));
            }
        }
    }
    return {};
}

/// What Intel's driver gets wrong without a word, so it must not be asked.
Result<void> check_for_gpu(const ImportSource& source, const FrameLayout& layout) {
    const std::uint64_t base = source.dma_buf == nullptr ? 0 : source.dma_buf->offset_bytes();
    const auto planes = layout.planes();
    if (base + planes[0].offset_bytes != 0) {
        return make_error(
            Errc::invalid_argument,
            layout.to_string() + ": the luma plane begins at byte " +
                std::to_string(base + planes[0].offset_bytes) +
                " of its object, and Intel's driver ignores that offset; give each frame "
                "an object of its own");
    }
    for (std::size_t i = 1; i < planes.size(); ++i) {
        // The media engine is told the row where chroma begins, so a fraction would be rounded
        // away.
        if (planes[i].offset_bytes % planes[0].pitch_bytes != 0) {
            return make_error(Errc::invalid_argument,
                              layout.to_string() + ": plane " + std::to_string(i) +
                                  " begins at byte " + std::to_string(planes[i].offset_bytes) +
                                  ", which is no whole number of rows of " +
                                  std::to_string(planes[0].pitch_bytes) + " bytes");
        }
    }
    return {};
}

Result<void> check_source(const Display& display, const ImportSource& source,
                          const FrameLayout& layout) {
    if (source.dma_buf == nullptr && source.host_pages == nullptr) {
        return make_error(Errc::invalid_argument,
                          "an import needs a DMA-BUF or host pages, and got neither" +
                              (source.no_dma_buf ? ": " + *source.no_dma_buf : std::string()));
    }
    MRDA_TRY(check_layout(layout));
    if (source.dma_buf != nullptr) {
        MRDA_TRY(layout.check_fits(source.dma_buf->size_bytes()));
        MRDA_TRY(check_tiles(layout, source.dma_buf->size_bytes()));
    }
    if (source.host_pages != nullptr) {
        MRDA_TRY(layout.check_fits(source.host_bytes));
        if (reinterpret_cast<std::uintptr_t>(source.host_pages) % kPageBytes != 0) {
            return make_error(
                Errc::invalid_argument,
                "host pages for a user-pointer surface must begin at a page boundary");
        }
    }
    if (display.platform() == Platform::gpu) {
        MRDA_TRY(check_for_gpu(source, layout));
    }
    return {};
}

PathFacts gather_facts(const Display& display, const ImportSource& source) {
    PathFacts facts;
    display.describe(facts);
    facts.export_dma_buf = source.dma_buf != nullptr
                               ? Refusal()
                               : source.no_dma_buf.value_or("the source gives no descriptor");
    facts.host_pages = source.host_pages != nullptr ? Refusal() : "the source gives no host pages";
    if (source.dma_buf != nullptr && display.platform() == Platform::gpu) {
        if (const auto real = source.dma_buf->require_dma_buf(); !real.ok()) {
            facts.export_dma_buf = to_string(real.error());
        }
    } else if (source.dma_buf != nullptr) {
        // The software driver refuses these too, but can only say so by a number.
        if (const auto size = unshrinkable_size_bytes(source.dma_buf->fd()); !size.ok()) {
            facts.export_dma_buf = to_string(size.error());
        }
    }
    return facts;
}

Refusal& fact_of(PathFacts& facts, Route route) {
    switch (route) {
        case Route::prime_2:
            return facts.import_prime_2;
        case Route::prime:
            return facts.import_prime;
        default:
            return facts.import_user_ptr;
    }
}

/// Leaves only `only` in the running.
void keep_only(PathFacts& facts, Route only) {
    for (const Route route : {Route::prime_2, Route::prime, Route::user_ptr}) {
        if (route != only) {
            fact_of(facts, route) = "not asked for";
        }
    }
}

}  // namespace

/// Builds Surfaces of foreign memory; Surface lets nobody else.
class SurfaceImporter {
  public:
    SurfaceImporter(const Display& display, const ImportSource& source, const FrameLayout& layout)
        : display_(display), source_(source), layout_(layout) {}

    Result<Surface> take(Route route) const {
        switch (route) {
            case Route::prime_2:
                return by_prime_2();
            case Route::prime:
                return by_external_buffers(VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME,
                                           static_cast<std::uintptr_t>(source_.dma_buf->fd()),
                                           source_.dma_buf->offset_bytes(),
                                           source_.dma_buf->object_bytes());
            case Route::user_ptr:
                // Linux takes user pointers by whole pages, and the driver hands the size on.
                return by_external_buffers(
                    VA_SURFACE_ATTRIB_MEM_TYPE_USER_PTR,
                    reinterpret_cast<std::uintptr_t>(source_.host_pages), 0,
                    (source_.host_bytes + kPageBytes - 1) / kPageBytes * kPageBytes);
            default:
                return make_error(Errc::internal, "an import by no import route");
        }
    }

  private:
    Result<Surface> by_prime_2() const {
        MRDA_ASSIGN(VADRMPRIMESurfaceDescriptor descriptor,
                    to_prime_descriptor(*source_.dma_buf, layout_));
        return create(VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2, &descriptor);
    }

    Result<Surface> by_external_buffers(std::uint32_t memory_type, std::uintptr_t handle,
                                        std::uint64_t base_bytes,
                                        std::uint64_t object_bytes) const {
        MRDA_ASSIGN(VASurfaceAttribExternalBuffers buffers,
                    to_external_buffers(&handle, base_bytes, object_bytes, layout_));
        return create(memory_type, &buffers);
    }

    Result<Surface> create(std::uint32_t memory_type, void* descriptor) const {
        MRDA_ASSIGN(const VaFormat format, va_format_of(layout_.format().drm_fourcc));
        std::array<VASurfaceAttrib, 3> attributes{};
        for (VASurfaceAttrib& attribute : attributes) {
            attribute.flags = VA_SURFACE_ATTRIB_SETTABLE;
            attribute.value.type = VAGenericValueTypeInteger;
        }
        attributes[0].type = VASurfaceAttribMemoryType;
        attributes[0].value.value.i = static_cast<int>(memory_type);
        attributes[1].type = VASurfaceAttribExternalBufferDescriptor;
        attributes[1].value.type = VAGenericValueTypePointer;
        attributes[1].value.value.p = descriptor;
        attributes[2].type = VASurfaceAttribPixelFormat;
        attributes[2].value.value.i = static_cast<int>(format.va_fourcc);
        VASurfaceID id = VA_INVALID_SURFACE;
        MRDA_VA_TRY(vaCreateSurfaces,
                    (display_.handle(), format.rt_format, layout_.width_px(), layout_.height_px(),
                     &id, 1, attributes.data(), static_cast<unsigned>(attributes.size())),
                    "the VA driver does not take " + layout_.to_string());
        return Surface({display_.handle(), id}, layout_.format(), layout_.width_px(),
                       layout_.height_px());
    }

    const Display& display_;
    const ImportSource& source_;
    const FrameLayout& layout_;
};

Result<Import> import_surface(const Display& display, const ImportSource& source,
                              const FrameLayout& layout, std::optional<Route> only) {
    MRDA_TRY(check_source(display, source, layout));
    PathFacts facts = gather_facts(display, source);
    if (only) {
        keep_only(facts, *only);
    }
    const SurfaceImporter importer(display, source, layout);
    // Each turn either ends or refuses one more route, so there are at most four.
    for (;;) {
        MRDA_ASSIGN(PathChoice path,
                    choose_path(Endpoint::usm, Endpoint::va_surface, facts, layout));
        if (path.route == Route::blit || path.route == Route::map) {
            std::string reasons;
            for (const auto& refused : path.refused) {
                reasons +=
                    "\n  not " + std::string(to_string(refused.route)) + ": " + refused.reason;
            }
            return make_error(Errc::unsupported, "no way to import " + layout.to_string() +
                                                     " without a copy" + reasons);
        }
        auto surface = importer.take(path.route);
        if (!surface) {
            fact_of(facts, path.route) = to_string(surface.error());
            continue;
        }
        const std::uint64_t base_bytes =
            path.route == Route::user_ptr ? 0 : source.dma_buf->offset_bytes();
        const VerifiedLayouts::Key key{layout, path.route, base_bytes};
        if (auto before = display.verified_layouts()->find(key)) {
            return Import{std::move(*surface), std::move(path),
                          "this layout was imported before: " + *before};
        }
        const ImportSource view = path.route == Route::user_ptr
                                      ? ImportSource{nullptr, source.host_pages, source.host_bytes}
                                      : ImportSource{source.dma_buf, nullptr, 0};
        MRDA_ASSIGN(Verification verification, verify_import(*surface, view, layout));
        if (verification.holds_for_layout) {
            display.verified_layouts()->add(key, verification.text);
        }
        return Import{std::move(*surface), std::move(path), std::move(verification.text)};
    }
}

}  // namespace mrda::vaapi
