// SPDX-License-Identifier: MIT
#include "plugin_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

namespace mrda::media {

namespace {

constexpr std::size_t kMaxNameBytes = 64;

struct Free {
    void operator()(char* text) const { std::free(text); }
};

/// Whoever can write what we load can be us. `above`: a folder on the way, in which a sticky bit
/// keeps others from what is not theirs.
Result<void> check_trusted(const std::string& path, bool above) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return os_error("stat", errno, "no plugin at " + path);
    }
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
        return make_error(Errc::permission_denied,
                          path + " belongs to user " + std::to_string(status.st_uid) +
                              "; plugins, and the folders that they are in, are root's or the "
                              "service user's own");
    }
    if (above && (status.st_mode & S_ISVTX) != 0) {
        return {};
    }
    if ((status.st_mode & S_IWOTH) != 0) {
        return make_error(Errc::permission_denied,
                          path + " can be written by everybody; chmod o-w it");
    }
    // A user's own group is the user alone, on systems that make files group-writable.
    const bool own_group = status.st_gid == 0 || status.st_gid == ::getegid();
    if ((status.st_mode & S_IWGRP) != 0 && !own_group) {
        return make_error(
            Errc::permission_denied,
            path + " can be written by group " + std::to_string(status.st_gid) + "; chmod g-w it");
    }
    return {};
}

}  // namespace

Result<void> check_plugin_name(const std::string& name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    if (name.empty() || name.size() > kMaxNameBytes ||
        !std::all_of(name.begin(), name.end(), allowed)) {
        return make_error(Errc::invalid_argument,
                          "plugin \"" + name + "\": names have letters a-z, digits, _ and -");
    }
    return {};
}

std::string plugin_path(const std::string& folder, const std::string& name) {
    return folder + "/" + kPluginPrefix + name + kPluginSuffix;
}

Result<std::string> trusted_path(const std::string& path) {
    const std::unique_ptr<char, Free> found(::realpath(path.c_str(), nullptr));
    if (found == nullptr) {
        return os_error("realpath", errno, "no plugin at " + path);
    }
    std::string resolved = found.get();
    MRDA_TRY(check_trusted(resolved, false));
    for (std::size_t end = resolved.rfind('/'); end != 0; end = resolved.rfind('/', end - 1)) {
        MRDA_TRY(check_trusted(resolved.substr(0, end), true));
    }
    MRDA_TRY(check_trusted("/", true));
    return resolved;
}

}  // namespace mrda::media
