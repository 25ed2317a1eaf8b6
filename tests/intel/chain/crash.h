// SPDX-License-Identifier: MIT
#pragma once

namespace mrda::intel {

/// From now on a crash of this process is told on standard error, before it ends of it: a line
/// "crash: signal N in MODULE!FUNCTION" (the innermost frame that is not the C library's), and a
/// line "  frame MODULE!FUNCTION" for each around it. Functions are named as far as a library
/// exports them.
void tell_crashes();

}  // namespace mrda::intel
