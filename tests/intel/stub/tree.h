// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <span>

#include "kinds.h"

namespace mrda::stub {

/// Makes the folders and files in `root` that stand for the devices: /dev/dri, and what sysfs shows
/// of them. Throws what std::filesystem throws.
void make_tree(const std::filesystem::path& root, std::span<const Device> devices);

}  // namespace mrda::stub
