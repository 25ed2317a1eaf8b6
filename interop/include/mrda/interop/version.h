// SPDX-License-Identifier: MIT
#pragma once

namespace mrda {

/// MRDA's own, as "0.1.0"; of the library that was linked.
const char* version();

}  // namespace mrda
