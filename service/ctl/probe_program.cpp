// SPDX-License-Identifier: MIT
#include "probe_program.h"

#include <cstdlib>
#include <filesystem>

namespace mrda::ctl {

std::string probe_program() {
    const char* const named = std::getenv("MRDA_BIN_DIR");
    std::error_code ignored;
    const std::string dir =
        named != nullptr
            ? std::string(named)
            : std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path().string();
    return dir + "/mrda-probe";
}

}  // namespace mrda::ctl
