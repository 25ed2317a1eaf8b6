// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace mrda::probe {

/// What the plugin FOLDER/libmrda_NAME.so can do, as mrda.v1.Plugin in JSON; or why it is refused,
/// as "refused". Loads it into this process, and opens its devices.
nlohmann::json describe_plugin(const std::string& folder, const std::string& name);

/// All plugins of the folders, as mrda.v1.ListPluginsReply in JSON. Each one is loaded by `program`
/// (this one), in a process of its own, so that one that crashes hides no other. Waits for each at
/// most 10 s.
nlohmann::json list_plugins(const std::string& program, const std::vector<std::string>& folders);

}  // namespace mrda::probe
