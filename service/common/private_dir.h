// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "mrda/interop/result.h"

namespace mrda::service {

/// Errors: permission_denied, if the open file or folder, which `path` names for the message, is
/// another user's, or open to others; io.
Result<void> check_private(int fd, const std::string& path);

/// A folder of this user's alone, made if it is not there. Errors: permission_denied (somebody
/// else's, or open to others), io.
Result<void> make_private_dir(const std::string& path);

/// The same, but that others may look in, and reach what is open to them. Errors:
/// permission_denied (somebody else's, or others may write), io.
Result<void> make_own_dir(const std::string& path);

}  // namespace mrda::service
