// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>

#include "mrda/interop/result.h"

namespace mrda::service {

/// Of a user by name or number; of nobody named, this process' own. Errors: not_found, io.
Result<uid_t> user_id(const std::string& user);

}  // namespace mrda::service
