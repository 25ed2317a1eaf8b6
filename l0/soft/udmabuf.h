// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "mrda/interop/fd.h"

namespace mrda::ze_soft {

/// A DMA-BUF over the pages of a shrink-sealed memfd; nothing where the kernel offers no udmabuf,
/// where this user may not open it, or where the size is over its limit (udmabuf.size_limit_mb, 64
/// by default).
Fd new_udmabuf(int memfd, std::size_t size_bytes);

}  // namespace mrda::ze_soft
