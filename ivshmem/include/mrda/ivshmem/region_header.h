// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "mrda/interop/result.h"

namespace mrda::ivshmem {

inline constexpr std::uint32_t kRegionMagic = 0x5244'524d;  ///< "MRDR" in memory.
inline constexpr std::size_t kMaxRegionNameBytes = 79;

/// Which region it is, whatever name it has: made anew for each that is made.
using RegionId = std::array<std::uint8_t, 16>;
/// At random. Aborts where the kernel has no randomness, as no kernel since 5.6 has.
RegionId make_region_id();

/// The first page of a region, by which a virtual machine that has several devices tells them
/// apart. The host writes it and never reads it: a guest that spoils it misleads itself.
struct RegionHeader {
    std::uint32_t magic;
    std::uint16_t version_major;
    std::uint16_t version_minor;
    std::uint32_t header_bytes;
    std::uint32_t reserved;
    std::uint64_t size_bytes;  ///< Of the region, this page included.
    RegionId id;
    std::array<char, kMaxRegionNameBytes + 1> name;  ///< Filled up with zeros.
};
static_assert(sizeof(RegionHeader) == 120);
static_assert(offsetof(RegionHeader, size_bytes) == 16);
static_assert(offsetof(RegionHeader, id) == 24);
static_assert(offsetof(RegionHeader, name) == 40);

/// A name that is too long is cut.
RegionHeader make_region_header(std::string_view name, const RegionId& id,
                                std::uint64_t size_bytes);

/// Writes it to the first page of `fd`, which is borrowed; nothing is mapped. Errors: io.
Result<void> write_region_header(int fd, const RegionHeader& header);

/// Whether a copy of a region's first bytes is such a header, of a version that can be read.
bool is_region_header(const RegionHeader& header);
/// What stands in `name`, up to its first zero.
std::string region_name(const RegionHeader& header);

}  // namespace mrda::ivshmem
