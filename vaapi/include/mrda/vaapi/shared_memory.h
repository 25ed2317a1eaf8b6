// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

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

/// A surface on shared memory, and what a report should say of how it came about.
struct SharedImport {
    Import import;
    /// "by a DMA-BUF of udmabuf"; "by userptr ...", with the reasons. Empty: the driver took the
    /// object as it was given, and nothing better could have been made of it here.
    std::string remark;
};

/// As import_surface(), of the object where that can be, else of the pages. The range of a memfd
/// becomes a DMA-BUF first, if this kernel has /dev/udmabuf and the memfd cannot shrink. Where it
/// does not become one, software drivers take the memfd itself, and a GPU, which takes none, the
/// pages. The surface keeps what it needs of the object, and not the descriptor.
Result<SharedImport> import_shared(const Display& display, const SharedMemory& memory,
                                   const FrameLayout& layout);

}  // namespace mrda::vaapi
