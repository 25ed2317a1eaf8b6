// SPDX-License-Identifier: MIT
#include "mrda/vaapi/shared_memory.h"
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

}  // namespace

Result<MadeWay> make_direct(const WaySource& source) {
    MadeWay made{std::make_unique<Direct>(), {}, ""};
    for (const mrda_buffer* const buffer : source.config.buffers) {
        const bool object = (buffer->memory & MRDA_MEMORY_OBJECT) != 0;
        MRDA_ASSIGN(auto shared,
                    vaapi::import_shared(source.device.display,
                                         {object ? buffer->fd : -1, buffer->offset_bytes,
                                          buffer->pages, buffer->length_bytes},
                                         source.config.layout));
        if (made.remark.empty()) {
            made.remark = std::move(shared.remark);
        }
        made.surfaces.push_back(std::move(shared.import.surface));
    }
    return made;
}

}  // namespace mrda::vpl::plugin
