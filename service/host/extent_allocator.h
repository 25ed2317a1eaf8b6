// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "mrda/ivshmem/session_layout.h"

namespace mrda::service {

/// Which pages of a region are whose. First fit; neighbours that are free are one. For one thread.
class ExtentAllocator {
  public:
    /// The first `reserved_bytes` are nobody's, and not counted.
    explicit ExtentAllocator(std::uint64_t size_bytes, std::uint64_t reserved_bytes = 0);

    /// `size_bytes` must be whole pages, and not 0. At `wanted_offset`, whatever that is, if it is
    /// free. Nothing: no gap is large enough.
    std::optional<ivshmem::Extent> allocate(
        std::uint64_t size_bytes, std::optional<std::uint64_t> wanted_offset = std::nullopt);
    /// One that allocate() gave.
    void free(const ivshmem::Extent& extent);

    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
    [[nodiscard]] std::uint64_t free_bytes() const { return free_bytes_; }
    [[nodiscard]] std::uint64_t largest_gap_bytes() const;

  private:
    using Gaps = std::map<std::uint64_t, std::uint64_t>;

    /// The gap that has all of the extent, or the end.
    Gaps::iterator gap_around(const ivshmem::Extent& extent);

    std::uint64_t size_bytes_;
    std::uint64_t free_bytes_;
    Gaps gaps_;  // Size by offset.
};

}  // namespace mrda::service
