// SPDX-License-Identifier: MIT
#include "pool.h"

#include <algorithm>
#include <span>

#include "mrda/media/layout.h"
#include "mrda/vaapi/shared_memory.h"

namespace mrda::vaapi::plugin {

namespace {

SharedMemory memory_of(const mrda_buffer& buffer) {
    const bool object = (buffer.memory & MRDA_MEMORY_OBJECT) != 0;
    const bool pages = (buffer.memory & MRDA_MEMORY_PAGES) != 0;
    return {object ? buffer.fd : -1, buffer.offset_bytes, pages ? buffer.pages : nullptr,
            buffer.length_bytes};
}

}  // namespace

Result<Pool> Pool::import(const Display& display, const mrda_pool& pool, const std::string& which) {
    if (pool.buffer_count == 0) {
        return make_error(Errc::invalid_argument, "no buffers for the " + which);
    }
    MRDA_ASSIGN(FrameLayout layout, media::from_media(pool.layout));
    Pool made(std::move(layout), which);
    for (const mrda_buffer* const buffer : std::span(pool.buffers, pool.buffer_count)) {
        MRDA_ASSIGN(auto shared, import_shared(display, memory_of(*buffer), made.layout_));
        if (made.remark_.empty() && !shared.remark.empty()) {
            made.remark_ = which + " " + shared.remark;
        }
        made.entries_.push_back({buffer->id, std::move(shared.import.surface)});
    }
    return made;
}

Result<const Surface*> Pool::find(const mrda_frame& frame) const {
    if (frame.buffer != nullptr) {
        const std::uint64_t id = frame.buffer->id;
        if (frame.index < entries_.size() && entries_[frame.index].id == id) {
            return &entries_[frame.index].surface;
        }
        const auto found = std::find_if(entries_.begin(), entries_.end(),
                                        [&](const Entry& entry) { return entry.id == id; });
        if (found != entries_.end()) {
            return &found->surface;
        }
    }
    return make_error(Errc::invalid_argument, "frame " + std::to_string(frame.index) +
                                                  " is in no buffer of the " + which_ +
                                                  ", which has " + std::to_string(entries_.size()));
}

}  // namespace mrda::vaapi::plugin
