// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/device_memory.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mrda::ivshmem {

namespace {

#if defined(__x86_64__)

constexpr std::size_t kVectorBytes = sizeof(__m128i);

// Intel's manual, volume 1, 12.10.3: a streaming load of write-combined memory fetches a whole
// line.
__attribute__((target("sse4.1"))) void stream_copy(std::byte* to, const std::byte* from,
                                                   std::size_t size_bytes) {
    for (std::size_t done = 0; done < size_bytes; done += kVectorBytes) {
        // The intrinsic takes no const; it only reads.
        auto* const source = reinterpret_cast<__m128i*>(const_cast<std::byte*>(from + done));
        const __m128i loaded = _mm_stream_load_si128(source);
        std::memcpy(to + done, &loaded, std::min(kVectorBytes, size_bytes - done));
    }
}

bool can_stream() {
    static const bool can = __builtin_cpu_supports("sse4.1") != 0;
    return can;
}

#endif

}  // namespace

void copy_from_device(std::byte* to, const std::byte* from, std::size_t size_bytes) {
#if defined(__x86_64__)
    if (can_stream() && reinterpret_cast<std::uintptr_t>(from) % kVectorBytes == 0) {
        // Streaming loads are weakly ordered: not before what said that the bytes are there.
        _mm_mfence();
        stream_copy(to, from, size_bytes);
        return;
    }
#endif
    std::memcpy(to, from, size_bytes);
}

void flush_to_device() {
#if defined(__x86_64__)
    _mm_sfence();
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace mrda::ivshmem
