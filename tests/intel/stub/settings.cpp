// SPDX-License-Identifier: MIT
#include "settings.h"

#include <cstdlib>

namespace mrda::stub {

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

Settings read_environment() {
    Settings read;
    read.root = variable(kRootVariable);
    read.devices = parse_devices(variable(kDevicesVariable));
    read.trace = variable(kTraceVariable);
    read.fail = variable(kFailVariable);
    if (const std::string bytes = variable(kBytesVariable); !bytes.empty()) {
        read.frame_bytes = static_cast<std::uint32_t>(std::strtoul(bytes.c_str(), nullptr, 10));
    }
    return read;
}

}  // namespace

const Settings& settings() {
    // Never destroyed: other libraries' destructors still close their nodes.
    static const Settings& read = *new Settings(read_environment());
    return read;
}

}  // namespace mrda::stub
