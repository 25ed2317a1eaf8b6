// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "doctor.h"

namespace mrda::ctl {

/// Whether `file`, a library's name or path, can be loaded, and which file that is: its name has
/// the version. Asked of a child, so that a crash is an answer; waits for it at most 10 s.
Finding loads(const std::string& what, const std::string& file, const std::string& mend);

/// A row for each of the vendors' loaders, each of Intel's drivers, and each of the software
/// drivers.
std::vector<Finding> libraries();

}  // namespace mrda::ctl
