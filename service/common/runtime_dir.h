// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "mrda/interop/result.h"

namespace mrda {

/// Where service and guests of one user meet: its socket and its default token lie there.
/// $MRDA_RUNTIME_DIR, else $XDG_RUNTIME_DIR/mrda, else /tmp/mrda-UID. Nothing is made here, and it
/// need not be there. Errors: permission_denied (the one under /tmp is somebody else's, no folder,
/// or open to others: whoever made it could take tokens).
Result<std::string> runtime_dir();

/// Below runtime_dir().
inline constexpr const char* kServiceSocketName = "mrda.sock";
inline constexpr const char* kAdminSocketName = "admin.sock";
inline constexpr const char* kRegionSocketName = "region.sock";
inline constexpr const char* kDoorbellSocketName = "doorbell.sock";
inline constexpr const char* kDefaultTokenName = "default.token";

}  // namespace mrda
