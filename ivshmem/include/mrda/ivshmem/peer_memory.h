// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "mrda/interop/result.h"

namespace mrda::ivshmem {

/// Control memory that another process may write at any time, in any way. No pointer, reference or
/// span into it leaves this type: words are loaded and stored atomically, structures are copied
/// once into private memory, and only that copy is looked at. A view: it owns nothing, the mapping
/// must outlive it. Any thread.
class PeerMemory {
  public:
    /// `base` is page-aligned.
    PeerMemory(std::byte* base, std::size_t size_bytes) : base_(base), size_bytes_(size_bytes) {}

    [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }

    /// Errors: invalid_argument (outside of this; not at a multiple of a cache line).
    [[nodiscard]] Result<PeerMemory> range(std::uint64_t offset_bytes,
                                           std::uint64_t range_bytes) const;

    /// The word at a multiple of 4 that lies within: the caller's to know, a bug if not.
    [[nodiscard]] std::uint32_t load(std::size_t offset_bytes, std::memory_order order) const {
        return word(offset_bytes).load(order);
    }
    void store(std::size_t offset_bytes, std::uint32_t value, std::memory_order order) const {
        word(offset_bytes).store(value, order);
    }

    /// The whole structure at `offset_bytes`, a multiple of 8, word by word: what the peer changes
    /// meanwhile may tear it, but the copy stays what it is.
    template <typename T>
    [[nodiscard]] T copy(std::size_t offset_bytes) const {
        static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(std::uint64_t) == 0);
        std::uint64_t words[sizeof(T) / sizeof(std::uint64_t)];
        for (std::size_t i = 0; i < std::size(words); ++i) {
            words[i] =
                wide(offset_bytes + i * sizeof(std::uint64_t)).load(std::memory_order_relaxed);
        }
        T value;
        std::memcpy(&value, words, sizeof value);
        return value;
    }

    /// Writes the structure, its first eight bytes last: who sees those with acquire sees the rest.
    template <typename T>
    void publish(std::size_t offset_bytes, const T& value) const {
        static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(std::uint64_t) == 0);
        std::uint64_t words[sizeof(T) / sizeof(std::uint64_t)];
        std::memcpy(words, &value, sizeof value);
        for (std::size_t i = std::size(words); i-- > 1;) {
            wide(offset_bytes + i * sizeof(std::uint64_t))
                .store(words[i], std::memory_order_relaxed);
        }
        wide(offset_bytes).store(words[0], std::memory_order_release);
    }

    /// Zeroes everything. For the host, before the guest hears of the memory.
    void clear() const { std::memset(base_, 0, size_bytes_); }

    /// The address of the word at `offset_bytes`, for futex(2) alone.
    [[nodiscard]] std::uint32_t* futex_word(std::size_t offset_bytes) const {
        return reinterpret_cast<std::uint32_t*>(at(offset_bytes, sizeof(std::uint32_t)));
    }

  private:
    [[nodiscard]] std::byte* at(std::size_t offset_bytes, std::size_t width_bytes) const {
        if (offset_bytes % width_bytes != 0 || width_bytes > size_bytes_ ||
            offset_bytes > size_bytes_ - width_bytes) {
            __builtin_trap();
        }
        return base_ + offset_bytes;
    }
    [[nodiscard]] std::atomic_ref<std::uint32_t> word(std::size_t offset_bytes) const {
        return std::atomic_ref<std::uint32_t>(*futex_word(offset_bytes));
    }
    [[nodiscard]] std::atomic_ref<std::uint64_t> wide(std::size_t offset_bytes) const {
        return std::atomic_ref<std::uint64_t>(
            *reinterpret_cast<std::uint64_t*>(at(offset_bytes, sizeof(std::uint64_t))));
    }

    std::byte* base_;
    std::size_t size_bytes_;
};

}  // namespace mrda::ivshmem
