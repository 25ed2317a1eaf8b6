// SPDX-License-Identifier: MIT
#include "runtime_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace mrda {

namespace {

/// Everybody may make a name in /tmp, so what is there must be shown to be ours.
Result<void> check_ours(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) {
            return {};
        }
        return os_error("lstat", errno, "cannot look at " + path);
    }
    const bool ours = S_ISDIR(status.st_mode) && status.st_uid == ::geteuid();
    if (!ours || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return make_error(Errc::permission_denied,
                          path + " is not a folder of user " + std::to_string(::geteuid()) +
                              "'s alone (0700); remove it, or set MRDA_RUNTIME_DIR");
    }
    return {};
}

const char* set_variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace

Result<std::string> runtime_dir() {
    if (const char* const own = set_variable("MRDA_RUNTIME_DIR")) {
        return std::string(own);
    }
    if (const char* const users = set_variable("XDG_RUNTIME_DIR")) {
        return std::string(users) + "/mrda";
    }
    std::string path = "/tmp/mrda-" + std::to_string(::geteuid());
    MRDA_TRY(check_ours(path));
    return path;
}

}  // namespace mrda
