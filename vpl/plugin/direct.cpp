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
    Result<Sync> bring(std::uint32_t /*frame*/, std::size_t /*index*/,
                       const vaapi::Surface& /*surface*/) override {
        return Sync::idle();  // The guest wrote it before it said so.
    }
};

/// The frame's memory, as what the display's driver imports.
Result<DmaBuf> object_of(const WaySource& source, const mrda_buffer& buffer) {
    if ((buffer.memory & MRDA_MEMORY_OBJECT) == 0) {
        return make_error(Errc::unsupported,
                          "the memory has no object to import, or one that can shrink under its "
                          "users, as a file can");
    }
    MRDA_ASSIGN(Fd copy, duplicate_fd(buffer.fd));
    MRDA_ASSIGN(DmaBuf object, DmaBuf::adopt(std::move(copy), buffer.offset_bytes,
                                             buffer.length_bytes, "the host's buffer"));
    if (source.device.display.platform() == Platform::gpu &&
        object.kind() != DmaBuf::Kind::dma_buf) {
        return export_range_as_dma_buf(buffer.fd, buffer.offset_bytes, buffer.length_bytes);
    }
    return object;
}

}  // namespace

Result<MadeWay> make_direct(const WaySource& source) {
    MadeWay made{std::make_unique<Direct>(), {}, ""};
    for (const mrda_buffer* const buffer : source.config.buffers) {
        const auto object = object_of(source, *buffer);
        const vaapi::ImportSource view{object.ok() ? &*object : nullptr,
                                       static_cast<std::byte*>(buffer->pages),
                                       buffer->length_bytes};
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
