// SPDX-License-Identifier: MIT
#pragma once

#include "mrda/interop/result.h"

namespace mrda {

/// What MRDA's programs exit with. Stable: scripts branch on them, and the README lists them.
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

/// 2 invalid_argument, 3 not_found, 4 unsupported, 5 permission_denied, 6 exhausted and
/// out_of_memory, 7 corrupt; 1 for all others.
int exit_code_of(Errc code);

/// The other way, for who ran such a program: io for 1 and for what is no such code.
Errc errc_of_exit_code(int exit_code);

}  // namespace mrda
