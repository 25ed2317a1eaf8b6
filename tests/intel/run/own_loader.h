// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

namespace mrda::stub {

/// Where a set of drivers brings a C library of its own, programs must be loaded by that one's
/// loader: makes a copy of the program that is, in the set's folder, with copies of the programs of
/// MRDA's that stand beside it and a link to their libraries. Gives the copy's path. Needs
/// patchelf. Throws std::runtime_error, saying what is missing.
std::filesystem::path under_own_loader(const std::filesystem::path& set,
                                       const std::filesystem::path& program);
bool has_own_loader(const std::filesystem::path& set);

}  // namespace mrda::stub
