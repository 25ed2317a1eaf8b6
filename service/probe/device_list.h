// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>

namespace mrda::probe {

/// The render nodes, and the Level Zero devices with their engines' and memories' readings. What
/// could not be read is there as an "error" with its words.
nlohmann::json list_devices();

}  // namespace mrda::probe
