// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "mrda/interop/result.h"

namespace mrda::media {

/// A plugin's file, by its name alone: whether it can be loaded is not known.
struct FoundPlugin {
    std::string name;
    std::string folder;
    std::string shadowed_by;  ///< The earlier folder whose file of that name is taken; empty: none.
};

/// What there is in folders of plugins.
struct PluginListing {
    struct Refused {
        std::string folder;
        std::string why;
    };
    std::vector<FoundPlugin> plugins;  ///< In the folders' order, and by name within each.
    std::vector<Refused> refused;      ///< Folders that cannot be read.
};

/// The first of the folders that has libmrda_NAME.so. Errors: invalid_argument (the name),
/// not_found (naming the folders), permission_denied (a folder that this process may not search).
Result<std::string> find_plugin(std::span<const std::string> folders, const std::string& name);

/// Every libmrda_NAME.so in the folders. Loads none.
PluginListing list_plugins(std::span<const std::string> folders);

}  // namespace mrda::media
