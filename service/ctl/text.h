// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mrda::ctl {

/// One JSON value for programs, whatever the texts in it are.
std::string dump(const nlohmann::ordered_json& value);

/// A number of bytes, with K, M, G or T behind it, and B or iB behind that: powers of 1024.
/// Nothing: it is none, or more than 64 bits hold.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// Columns as wide as their widest cell, a line for each row.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace mrda::ctl
