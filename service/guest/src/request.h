// SPDX-License-Identifier: MIT
#pragma once

#include "mrda/guest/guest.h"
#include "session.h"

namespace mrda::guest::core {

/// Checks what an application configured, and puts it into the service's words.
/// Errors: invalid_argument, unsupported (naming the field and its value).
Result<Parameters> parameters_of(const mrda_guest_config& config);

}  // namespace mrda::guest::core
