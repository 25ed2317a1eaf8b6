// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "mrda/interop/result.h"

namespace mrda::service {

/// Gives up what a worker needs not: new privileges, core dumps (they would hold the guest's
/// pixels), more than a few descriptors, the making and changing of files; closes its memory to
/// others; and ends it with its parent. For the start of main(), before any thread. Errors: io.
Result<void> enter_sandbox();

/// At most so much memory of its own, shared memory not counted; more is refused to whoever asks
/// for it, which is mostly the end of the process. Errors: io.
Result<void> limit_memory(std::uint64_t most_bytes);

/// Gives up, for every thread and for good, the system calls by which this process could reach
/// or make others, the network, or new programs. For when the codec is open: opening it may need
/// them. Errors: io.
Result<void> forbid_system_calls();

}  // namespace mrda::service
