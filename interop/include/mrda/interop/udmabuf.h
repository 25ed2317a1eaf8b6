// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "mrda/interop/dma_buf.h"
#include "mrda/interop/result.h"

namespace mrda {

/// A true DMA-BUF over the pages of a memfd, from `offset_bytes` on: the same memory, which a GPU
/// can import. `memfd` is borrowed, must be sealed against shrinking, and both numbers must be
/// whole pages within it. The pages are allocated, and pinned for as long as the DMA-BUF is there.
/// Each call makes an object of its own, with an identity of its own. Does not wait. Errors:
/// invalid_argument (one of these; beyond the kernel's limit udmabuf.size_limit_mb), unsupported
/// (the kernel has no udmabuf), permission_denied.
Result<DmaBuf> export_range_as_dma_buf(int memfd, std::uint64_t offset_bytes,
                                       std::uint64_t size_bytes);

}  // namespace mrda
