// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace mrda::ivshmem {

/// Copies out of memory that may be mapped write-combined, where each plain load goes to the
/// device: by streaming loads, a cache line at a time. `from` begins at a multiple of 16; up to 15
/// bytes behind `size_bytes` are read, too. Any thread.
void copy_from_device(std::byte* to, const std::byte* from, std::size_t size_bytes);

/// What this thread has written to write-combined memory is seen before whatever it writes next.
void flush_to_device();

}  // namespace mrda::ivshmem
