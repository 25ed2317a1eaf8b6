// SPDX-License-Identifier: MIT
#include "private_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "mrda/interop/fd.h"

namespace mrda::service {

namespace {

/// `denied`: bits of the mode, and what is said, and to be done, where one is set.
struct Denied {
    mode_t bits;
    const char* is;
    const char* chmod;
};
constexpr Denied kAll{077, " is open to other users", "go="};
constexpr Denied kWriting{022, " can be changed by other users", "go-w"};

Result<void> check(int fd, const std::string& path, const Denied& denied) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        return os_error("fstat", errno, "cannot look at " + path);
    }
    if (status.st_uid != ::geteuid()) {
        return make_error(Errc::permission_denied,
                          path + " belongs to user " + std::to_string(status.st_uid) +
                              "; it must be user " + std::to_string(::geteuid()) + "'s");
    }
    if ((status.st_mode & denied.bits) != 0) {
        return make_error(Errc::permission_denied,
                          path + denied.is + "; chmod " + denied.chmod + " " + path);
    }
    return {};
}

Result<void> make_dir(const std::string& path, const Denied& denied) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        ::mkdir(path.substr(0, slash).c_str(), 0700);  // What is there already is fine.
    }
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return os_error("mkdir", errno, "cannot make " + path);
    }
    const Fd dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!dir) {
        return os_error("open", errno, "cannot open folder " + path);
    }
    return check(dir.get(), path, denied);
}

}  // namespace

Result<void> check_private(int fd, const std::string& path) {
    return check(fd, path, kAll);
}

Result<void> make_private_dir(const std::string& path) {
    return make_dir(path, kAll);
}

Result<void> make_own_dir(const std::string& path) {
    return make_dir(path, kWriting);
}

}  // namespace mrda::service
