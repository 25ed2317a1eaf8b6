// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kinds.h"

namespace mrda::stub {

/// What the runner tells the preloaded library, in its environment.
inline constexpr const char* kRootVariable = "MRDA_STUB_ROOT";        ///< The tree's folder.
inline constexpr const char* kDevicesVariable = "MRDA_STUB_DEVICES";  ///< As parse_devices().
inline constexpr const char* kTraceVariable = "MRDA_STUB_TRACE";      ///< A file to append to.
inline constexpr const char* kFailVariable = "MRDA_STUB_FAIL";        ///< As in fault.h.
inline constexpr const char* kBytesVariable = "MRDA_STUB_BYTES";      ///< Of an encoded frame.

struct Settings {
    std::string root;
    std::vector<Device> devices;
    std::string trace;
    std::string fail;
    std::uint32_t frame_bytes = 1024;
};

/// This process's; read once.
const Settings& settings();

}  // namespace mrda::stub
