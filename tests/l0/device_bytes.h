// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "mrda/l0/context.h"

namespace mrda::test {

/// Bytes in and out of USM of any kind, by the device: only it reaches all of them on every driver.
void write_bytes(const l0::Context& context, void* usm, std::span<const std::byte> bytes);
std::vector<std::byte> read_bytes(const l0::Context& context, const void* usm, std::size_t count);

/// Bytes that differ from their neighbours, and from those of another `seed`.
std::vector<std::byte> pattern(std::size_t count, unsigned seed);

}  // namespace mrda::test
