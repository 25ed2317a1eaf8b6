// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace mrda::ctl {

/// One JSON value for programs, whatever the texts in it are.
std::string dump(const nlohmann::ordered_json& value);

/// Columns as wide as their widest cell, a line for each row.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace mrda::ctl
