// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/vaapi/import.h"

namespace mrda::vaapi {

/// A frame's memory as a process has it from somebody else: a range of an object, the pages that it
/// is mapped to, or both.
struct SharedMemory {
    int fd = -1;  ///< Borrowed: a DMA-BUF or a memfd. -1: there is none, or one that can shrink.
    std::uint64_t offset_bytes = 0;  ///< Of the frame's memory in the object.
    void* pages = nullptr;           ///< Must outlive the surface.
    std::uint64_t size_bytes = 0;
};

/// As import_surface(), of the object where that can be, else of the pages. On a GPU, which takes
/// no memfd, the range becomes a DMA-BUF first (/dev/udmabuf). The surface keeps what it needs of
/// the object, and not the descriptor.
Result<Import> import_shared(const Display& display, const SharedMemory& memory,
                             const FrameLayout& layout);

}  // namespace mrda::vaapi
