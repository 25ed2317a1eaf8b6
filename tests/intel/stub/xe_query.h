// SPDX-License-Identifier: MIT
#pragma once

#include "node.h"

namespace mrda::stub {

/// What xe tells about a device.
int xe_device_query(const Call& call);

}  // namespace mrda::stub
