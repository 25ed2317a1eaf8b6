// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "registers.h"

namespace mrda::stub {

/// MI_MATH's instructions, on the general registers.
void run_math(RegisterFile& registers, std::span<const std::uint32_t> instructions);

struct AtomicOperands {
    std::uint64_t first;
    std::uint64_t second;
};

/// What MI_ATOMIC leaves in memory of `width_bits` (32 or 64) that holds `old`. An operation that
/// there is not leaves `old`.
std::uint64_t atomic_result(std::uint32_t operation, unsigned width_bits, std::uint64_t old,
                            AtomicOperands operands);

/// Whether MI_CONDITIONAL_BATCH_BUFFER_END's comparison holds for what is in memory.
bool compare(std::uint32_t operation, std::uint32_t found, std::uint32_t wanted);

}  // namespace mrda::stub
