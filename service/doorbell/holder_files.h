// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// Regions' names become file names. Errors: invalid_argument.
Result<void> check_region_name(const std::string& name);

/// Lets other users through `dir`, for the region's socket in it that is open to one; warns where a
/// folder above is closed to them. Errors: as check_way_to(); io.
Result<void> open_to_others(const std::string& dir, const std::string& runtime_dir,
                            const std::string& region);

/// One holder for a runtime folder, for as long as what is returned is open. Errors: busy, io.
Result<Fd> lock_runtime_dir(const std::string& runtime_dir);

}  // namespace mrda::service
