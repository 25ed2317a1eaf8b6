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

    /// `size_bytes` must be whole pages, and not 0. Nothing: no gap is large enough.
    std::optional<ivshmem::Extent> allocate(std::uint64_t size_bytes);
    /// One that allocate() gave.
    void free(const ivshmem::Extent& extent);

    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
    [[nodiscard]] std::uint64_t free_bytes() const { return free_bytes_; }
    [[nodiscard]] std::uint64_t largest_gap_bytes() const;

  private:
    std::uint64_t size_bytes_;
    std::uint64_t free_bytes_;
    std::map<std::uint64_t, std::uint64_t> gaps_;  // Size by offset.
};

}  // namespace mrda::service
