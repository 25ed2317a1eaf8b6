// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "node.h"

namespace mrda::stub {

/// What i915 tells about a device.
int i915_getparam(const Call& call);
int i915_query(const Call& call);
std::uint64_t subslice_mask(const DeviceKind& kind);

}  // namespace mrda::stub
