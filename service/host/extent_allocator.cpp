// SPDX-License-Identifier: MIT
#include "extent_allocator.h"

#include <algorithm>
#include <iterator>

namespace mrda::service {

ExtentAllocator::ExtentAllocator(std::uint64_t size_bytes, std::uint64_t reserved_bytes)
    : size_bytes_(size_bytes - std::min(size_bytes, reserved_bytes)), free_bytes_(size_bytes_) {
    if (size_bytes_ > 0) {
        gaps_.emplace(reserved_bytes, size_bytes_);
    }
}

std::optional<ivshmem::Extent> ExtentAllocator::allocate(std::uint64_t size_bytes) {
    const auto gap = std::find_if(gaps_.begin(), gaps_.end(), [size_bytes](const auto& candidate) {
        return candidate.second >= size_bytes;
    });
    if (gap == gaps_.end()) {
        return std::nullopt;
    }
    const ivshmem::Extent extent{gap->first, size_bytes};
    const std::uint64_t rest = gap->second - size_bytes;
    gaps_.erase(gap);
    if (rest > 0) {
        gaps_.emplace(extent.offset_bytes + size_bytes, rest);
    }
    free_bytes_ -= size_bytes;
    return extent;
}

void ExtentAllocator::free(const ivshmem::Extent& extent) {
    free_bytes_ += extent.size_bytes;
    auto gap = gaps_.emplace(extent.offset_bytes, extent.size_bytes).first;
    const auto next = std::next(gap);
    if (next != gaps_.end() && gap->first + gap->second == next->first) {
        gap->second += next->second;
        gaps_.erase(next);
    }
    if (gap != gaps_.begin()) {
        const auto before = std::prev(gap);
        if (before->first + before->second == gap->first) {
            before->second += gap->second;
            gaps_.erase(gap);
        }
    }
}

std::uint64_t ExtentAllocator::largest_gap_bytes() const {
    std::uint64_t largest = 0;
    for (const auto& [offset, size] : gaps_) {
        largest = std::max(largest, size);
    }
    return largest;
}

}  // namespace mrda::service
