// SPDX-License-Identifier: MIT
#include "mrda/vaapi/shared_memory.h"

#include <algorithm>
#include <string>
#include <utility>

#include "mrda/interop/dma_buf.h"
#include "mrda/interop/udmabuf.h"

namespace mrda::vaapi {

namespace {

constexpr std::uint64_t kPageBytes = 4096;

/// What a driver is asked to import, and what is worth telling of it.
struct Object {
    DmaBuf memory;
    std::string remark;
};

Result<DmaBuf> object_as_given(const SharedMemory& memory) {
    if (memory.fd < 0) {
        return make_error(Errc::unsupported,
                          "the memory has no object to import, or one that can shrink under its "
                          "users, as a file can");
    }
    MRDA_ASSIGN(Fd copy, duplicate_fd(memory.fd));
    return DmaBuf::adopt(std::move(copy), memory.offset_bytes, memory.size_bytes,
                         "the host's buffer");
}

/// By whole pages, as far as the memory goes; the frame itself ends within what was given.
Result<DmaBuf> dma_buf_over(const DmaBuf& memfd) {
    const std::uint64_t pages_bytes =
        (memfd.size_bytes() + kPageBytes - 1) / kPageBytes * kPageBytes;
    return export_range_as_dma_buf(
        memfd.fd(), memfd.offset_bytes(),
        std::min(pages_bytes, memfd.object_bytes() - memfd.offset_bytes()));
}

Result<Object> object_of(const Display& display, const SharedMemory& memory) {
    MRDA_ASSIGN(DmaBuf given, object_as_given(memory));
    if (given.kind() == DmaBuf::Kind::dma_buf) {
        return Object{std::move(given), ""};
    }
    auto made = dma_buf_over(given);
    if (made.ok()) {
        return Object{std::move(*made), "by a DMA-BUF of udmabuf"};
    }
    if (display.platform() == Platform::gpu) {
        return made.error();
    }
    // A kernel without udmabuf is nothing that anybody could have done better.
    const bool lacking = made.error().code == Errc::unsupported;
    return Object{std::move(given),
                  lacking ? "" : "by the memfd itself: " + to_string(made.error())};
}

}  // namespace

Result<SharedImport> import_shared(const Display& display, const SharedMemory& memory,
                                   const FrameLayout& layout) {
    const bool there = memory.fd >= 0 || memory.pages != nullptr;
    if (there && layout.size_bytes() > memory.size_bytes) {
        return make_error(Errc::invalid_argument,
                          layout.to_string() + " takes " + std::to_string(layout.size_bytes()) +
                              " bytes, and the memory has " + std::to_string(memory.size_bytes));
    }
    const auto object = object_of(display, memory);
    ImportSource source{
        object.ok() ? &object->memory : nullptr, memory.pages, memory.size_bytes, {}};
    if (!object.ok()) {
        source.no_dma_buf = to_string(object.error());
    }
    MRDA_ASSIGN(Import import, import_surface(display, source, layout));
    std::string remark =
        import.path.route == Route::prime_2 ? object->remark : "by " + import.path.to_string();
    return SharedImport{std::move(import), std::move(remark)};
}

}  // namespace mrda::vaapi
