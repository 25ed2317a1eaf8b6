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

ExtentAllocator::Gaps::iterator ExtentAllocator::gap_around(const ivshmem::Extent& extent) {
    const auto after = gaps_.upper_bound(extent.offset_bytes);
    if (after == gaps_.begin() || extent.offset_bytes % ivshmem::kPageBytes != 0) {
        return gaps_.end();
    }
    const auto gap = std::prev(after);
    const std::uint64_t before = extent.offset_bytes - gap->first;
    return before <= gap->second && extent.size_bytes <= gap->second - before ? gap : gaps_.end();
}

std::optional<ivshmem::Extent> ExtentAllocator::allocate(
    std::uint64_t size_bytes, std::optional<std::uint64_t> wanted_offset) {
    ivshmem::Extent extent{wanted_offset.value_or(0), size_bytes};
    auto gap = wanted_offset ? gap_around(extent) : gaps_.end();
    if (gap == gaps_.end()) {
        gap = std::find_if(gaps_.begin(), gaps_.end(), [size_bytes](const auto& candidate) {
            return candidate.second >= size_bytes;
        });
        if (gap == gaps_.end()) {
            return std::nullopt;
        }
        extent.offset_bytes = gap->first;
    }
    const std::uint64_t end = gap->first + gap->second;
    gap->second = extent.offset_bytes - gap->first;
    if (gap->second == 0) {
        gaps_.erase(gap);
    }
    if (const std::uint64_t rest = end - extent.offset_bytes - size_bytes; rest > 0) {
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
