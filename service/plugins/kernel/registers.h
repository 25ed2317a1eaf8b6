// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"

namespace mrda::plugins::kernel {

/// The parameter's number into an argument of 1, 2, 4 or 8 bytes. Errors: invalid_argument (it is
/// no number, or does not fit).
Result<void> put(const mrda_parameter& parameter, const mrda_unit_argument& argument,
                 std::span<std::byte> registers);
/// And out of it again, as the parameter's type says; integers are signed.
Result<void> get(std::span<const std::byte> registers, const mrda_unit_argument& argument,
                 mrda_parameter& parameter);

}  // namespace mrda::plugins::kernel
