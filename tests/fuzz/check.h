// SPDX-License-Identifier: MIT
#pragma once

/// Ends the process where a rule does not hold, which is how libFuzzer learns of a finding.
inline void check(bool holds) {
    if (!holds) {
        __builtin_trap();
    }
}
