// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mrda/interop/result.h"

namespace mrda {

struct ChildOutcome {
    int exit_code = 0;   ///< -1 where a signal ended it.
    int signal = 0;      ///< 0 where it exited.
    std::string output;  ///< What it wrote to standard output.
};

/// Runs `command[0]` (a path) with no standard input, reads its standard output to the end and
/// reaps it. A child that is not done in `timeout_ns`, which is at most an hour, is killed.
/// Of output beyond `most_bytes` nothing is kept. Errors: not_found, permission_denied, io, timeout
/// (with the output).
Result<ChildOutcome> run_child(const std::vector<std::string>& command, std::uint64_t timeout_ns,
                               std::size_t most_bytes = 65536);

}  // namespace mrda
