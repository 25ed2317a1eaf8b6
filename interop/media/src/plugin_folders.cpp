// SPDX-License-Identifier: MIT
#include "mrda/media/plugin_folders.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>

#include "plugin_files.h"

namespace mrda::media {

namespace {

/// The NAME of a file libmrda_NAME.so; empty: it is none.
std::string name_of(const std::string& file) {
    const std::string_view prefix = kPluginPrefix;
    const std::string_view suffix = kPluginSuffix;
    if (file.size() <= prefix.size() + suffix.size() || !file.starts_with(prefix) ||
        !file.ends_with(suffix)) {
        return {};
    }
    return file.substr(prefix.size(), file.size() - prefix.size() - suffix.size());
}

std::vector<std::string> names_in(const std::string& folder, std::error_code& error) {
    std::vector<std::string> names;
    std::filesystem::directory_iterator entry(folder, error);
    while (!error && entry != std::filesystem::directory_iterator()) {
        if (std::string name = name_of(entry->path().filename().string()); !name.empty()) {
            names.push_back(std::move(name));
        }
        entry.increment(error);
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

Result<std::string> find_plugin(std::span<const std::string> folders, const std::string& name) {
    MRDA_TRY(check_plugin_name(name));
    std::string all;
    for (const std::string& folder : folders) {
        const std::string path = plugin_path(folder, name);
        struct stat ignored {};
        if (::stat(path.c_str(), &ignored) == 0) {
            return folder;
        }
        if (errno != ENOENT && errno != ENOTDIR) {
            return os_error("stat", errno, "cannot look for a plugin at " + path);
        }
        all += (all.empty() ? "" : ", ") + folder;
    }
    return make_error(Errc::not_found, "no plugin " + name + ": no " + kPluginPrefix + name +
                                           kPluginSuffix + " in " +
                                           (all.empty() ? "no folder" : all));
}

PluginListing list_plugins(std::span<const std::string> folders) {
    PluginListing listing;
    std::map<std::string, std::string> first;
    for (const std::string& folder : folders) {
        std::error_code error;
        for (std::string& name : names_in(folder, error)) {
            const auto [taken, is_new] = first.emplace(name, folder);
            listing.plugins.push_back(
                {std::move(name), folder, is_new ? std::string() : taken->second});
        }
        if (error) {
            listing.refused.push_back({folder, error.message()});
        }
    }
    return listing;
}

}  // namespace mrda::media
