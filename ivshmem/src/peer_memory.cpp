// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/peer_memory.h"

#include <string>

#include "mrda/ivshmem/wire_format.h"

namespace mrda::ivshmem {

static_assert(std::atomic_ref<std::uint32_t>::is_always_lock_free &&
                  std::atomic_ref<std::uint64_t>::is_always_lock_free,
              "two processes share these words, and no lock");

Result<PeerMemory> PeerMemory::range(std::uint64_t offset_bytes, std::uint64_t range_bytes) const {
    if (offset_bytes % kCacheLineBytes != 0 || offset_bytes > size_bytes_ ||
        range_bytes > size_bytes_ - offset_bytes) {
        return make_error(Errc::invalid_argument,
                          std::to_string(range_bytes) + " bytes at offset " +
                              std::to_string(offset_bytes) + " asked of shared memory of " +
                              std::to_string(size_bytes_) + " bytes");
    }
    return PeerMemory(base_ + offset_bytes, static_cast<std::size_t>(range_bytes));
}

}  // namespace mrda::ivshmem
