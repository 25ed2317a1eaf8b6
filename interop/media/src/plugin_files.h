// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "mrda/interop/result.h"

namespace mrda::media {

/// Errors: invalid_argument (it could be a path, or part of one).
Result<void> check_plugin_name(const std::string& name);

inline constexpr const char* kPluginPrefix = "libmrda_";
inline constexpr const char* kPluginSuffix = ".so";

/// FOLDER/libmrda_NAME.so.
std::string plugin_path(const std::string& folder, const std::string& name);

/// `path` without links, once nobody but root, this process's user and its group can make that be
/// anything else: the file, or folder, is theirs alone, and so is each folder above it, or is a
/// sticky one. A link on the way may be anybody's: it leads to what is trusted, or is refused.
/// Errors: not_found, permission_denied (naming what others can change).
Result<std::string> trusted_path(const std::string& path);

}  // namespace mrda::media
