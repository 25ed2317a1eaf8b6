// SPDX-License-Identifier: MIT
#include "mrda/vaapi/shared_memory.h"

#include <algorithm>
#include <string>

#include "mrda/interop/dma_buf.h"
#include "mrda/interop/udmabuf.h"

namespace mrda::vaapi {

namespace {

constexpr std::uint64_t kPageBytes = 4096;

/// The memory as what the display's driver imports.
Result<DmaBuf> object_of(const Display& display, const SharedMemory& memory) {
    if (memory.fd < 0) {
        return make_error(Errc::unsupported,
                          "the memory has no object to import, or one that can shrink under its "
                          "users, as a file can");
    }
    MRDA_ASSIGN(Fd copy, duplicate_fd(memory.fd));
    MRDA_ASSIGN(DmaBuf object, DmaBuf::adopt(std::move(copy), memory.offset_bytes,
                                             memory.size_bytes, "the host's buffer"));
    if (display.platform() == Platform::gpu && object.kind() != DmaBuf::Kind::dma_buf) {
        // By whole pages, as far as the memory goes; the frame itself ends within what was given.
        const std::uint64_t pages_bytes =
            (memory.size_bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
        return export_range_as_dma_buf(
            memory.fd, memory.offset_bytes,
            std::min(pages_bytes, object.object_bytes() - memory.offset_bytes));
    }
    return object;
}

}  // namespace

Result<Import> import_shared(const Display& display, const SharedMemory& memory,
                             const FrameLayout& layout) {
    const bool there = memory.fd >= 0 || memory.pages != nullptr;
    if (there && layout.size_bytes() > memory.size_bytes) {
        return make_error(Errc::invalid_argument,
                          layout.to_string() + " takes " + std::to_string(layout.size_bytes()) +
                              " bytes, and the memory has " + std::to_string(memory.size_bytes));
    }
    const auto object = object_of(display, memory);
    ImportSource source{object.ok() ? &*object : nullptr, memory.pages, memory.size_bytes, {}};
    if (!object.ok()) {
        source.no_dma_buf = to_string(object.error());
    }
    return import_surface(display, source, layout);
}

}  // namespace mrda::vaapi
