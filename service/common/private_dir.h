// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "mrda/interop/result.h"

namespace mrda::service {

/// Errors: permission_denied, if the open file or folder, which `path` names for the message, is
/// another user's, or open to others; io.
Result<void> check_private(int fd, const std::string& path);

/// A folder of this user's alone, made if it is not there, with what is above it. Errors:
/// permission_denied (somebody else's, or open to others), io.
Result<void> make_private_dir(const std::string& path);

/// A folder of this user's, made if it is not there; what is above it must be. Others may come in,
/// and change nothing. Errors: permission_denied (somebody else's, or others may write), not_found
/// (what is above), io.
Result<void> make_own_dir(const std::string& path);

/// Nobody but this user and root can put another folder in the place of this one: of all that is on
/// the way to it, others own nothing, and write at most where only owners remove (/tmp).
/// Errors: permission_denied, naming what is not so; io.
Result<void> check_way_to(const std::string& path);

/// The same folder, from wherever it is looked at: absolute, without "." and "..", and without a
/// slash at the end, behind which a symbolic link would be followed. Errors: io.
Result<std::string> absolute_dir(const std::string& path);

/// Of two such: whether the first is the second, or below it.
bool lies_in(const std::string& path, const std::string& dir);

}  // namespace mrda::service
