// SPDX-License-Identifier: MIT
#include "holder_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "log.h"
#include "private_dir.h"

namespace mrda::service {

namespace {

constexpr std::size_t kMaxNameBytes = 80;

}  // namespace

Result<void> check_region_name(const std::string& name) {
    const bool known = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    });
    if (!known || name.empty() || name.front() == '.' || name.size() > kMaxNameBytes) {
        return make_error(Errc::invalid_argument, "no region can be called \"" + name + "\"");
    }
    return {};
}

Result<void> open_to_others(const std::string& dir, const std::string& runtime_dir,
                            const std::string& region) {
    MRDA_TRY(check_way_to(dir));
    const Fd folder(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!folder || ::fstat(folder.get(), &status) != 0) {
        return os_error("open", errno, "cannot open folder " + dir);
    }
    constexpr mode_t kEnter = S_IXGRP | S_IXOTH;
    if ((status.st_mode & kEnter) != kEnter &&
        ::fchmod(folder.get(), (status.st_mode & 07777U) | kEnter) != 0) {
        return os_error("fchmod", errno, "cannot let others into " + dir);
    }
    for (auto at = std::filesystem::path(dir); at.has_relative_path(); at = at.parent_path()) {
        if (::stat(at.c_str(), &status) == 0 && (status.st_mode & S_IXOTH) == 0) {
            // Only a warning: it may be open to that user by other means.
            Log::warn("socket out of reach",
                      {{"region", region},
                       {"closed", at.string()},
                       {"mend", at == runtime_dir ? "set socket_dir (mrda-doorbell --socket-dir)"
                                                  : "chmod o+x " + at.string()}});
        }
    }
    return {};
}

Result<Fd> lock_runtime_dir(const std::string& runtime_dir) {
    const std::string path = runtime_dir + "/doorbell.lock";
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) {
        return os_error("open", errno, "cannot open " + path);
    }
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        Error error = os_error("flock", errno, "cannot lock " + path);
        if (error.native == EWOULDBLOCK) {
            error = make_error(Errc::busy, "another mrda-doorbell serves " + runtime_dir);
        }
        return error;
    }
    return file;
}

}  // namespace mrda::service
