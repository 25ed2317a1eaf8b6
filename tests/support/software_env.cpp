// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <string_view>

namespace {

// Before main: the vendors' loaders read their environment once, at the first call.
[[gnu::constructor]] void point_loaders_at_software_drivers() {
    const char* platform = std::getenv("MRDA_TEST_PLATFORM");
    if (platform != nullptr && std::string_view(platform) == "gpu") {
        return;
    }
    ::setenv("ZE_ENABLE_ALT_DRIVERS", MRDA_DRIVER_DIR "/libmrda_ze.so", 0);
    ::setenv("LIBVA_DRIVERS_PATH", MRDA_DRIVER_DIR, 0);
    ::setenv("LIBVA_DRIVER_NAME", "mrda", 0);
    ::setenv("ONEVPL_PRIORITY_PATH", MRDA_DRIVER_DIR, 0);
}

}  // namespace
