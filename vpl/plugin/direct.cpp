// SPDX-License-Identifier: MIT
#include "mrda/interop/dma_buf.h"
#include "mrda/interop/udmabuf.h"
#include "mrda/vaapi/import.h"
#include "way_in.h"

namespace mrda::vpl::plugin {

namespace {

class Direct final : public WayIn {
  public:
    [[nodiscard]] bool in_place() const override { return true; }
    Result<Sync> bring(std::uint32_t /*slot*/, std::size_t /*index*/,
                       const vaapi::Surface& /*surface*/) override {
        return Sync::idle();  // The guest wrote it before it said so.
    }
};

/// The slot's range of the region, as what the display's driver imports.
Result<DmaBuf> object_of(const WaySource& source, std::uint32_t slot) {
    const mrda_media_slots& slots = source.config.slots;
    if (slots.sealed == 0) {
        return make_error(Errc::unsupported,
                          "the region is a file, which can shrink under its users");
    }
    const std::uint64_t offset_bytes = slots.first_offset_bytes + slot * slots.slot_bytes;
    if (source.device.display.platform() == Platform::gpu) {
        return export_range_as_dma_buf(slots.fd, offset_bytes, slots.slot_bytes);
    }
    MRDA_ASSIGN(Fd copy, duplicate_fd(slots.fd));
    return DmaBuf::adopt(std::move(copy), offset_bytes, slots.slot_bytes, "the guest's region");
}

}  // namespace

Result<MadeWay> make_direct(const WaySource& source) {
    const mrda_media_slots& slots = source.config.slots;
    MadeWay made{std::make_unique<Direct>(), {}, ""};
    for (std::uint32_t slot = 0; slot < slots.slot_count; ++slot) {
        const auto object = object_of(source, slot);
        const vaapi::ImportSource view{object.ok() ? &*object : nullptr, slot_pages(slots, slot),
                                       slots.slot_bytes};
        MRDA_ASSIGN(auto import,
                    vaapi::import_surface(source.device.display, view, source.config.layout));
        if (import.path.route != Route::prime_2 && made.remark.empty()) {
            made.remark = "by " + import.path.to_string() +
                          (object.ok() ? "" : "\n  no DMA-BUF: " + to_string(object.error()));
        }
        made.surfaces.push_back(std::move(import.surface));
    }
    return made;
}

}  // namespace mrda::vpl::plugin
