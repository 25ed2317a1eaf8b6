// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mrda::ctl {

/// mrda-probe in MRDA_BIN_DIR, else beside this program.
std::string probe_program();

}  // namespace mrda::ctl
