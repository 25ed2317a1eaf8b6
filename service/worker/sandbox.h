// SPDX-License-Identifier: MIT
#pragma once

#include "mrda/interop/result.h"

namespace mrda::service {

/// Gives up what a worker needs not: new privileges, core dumps (they would hold the guest's
/// pixels), more than a few descriptors; and ends it with its parent. For the start of main().
/// Errors: io.
Result<void> enter_sandbox();

}  // namespace mrda::service
