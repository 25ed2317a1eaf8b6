// SPDX-License-Identifier: MIT
#include "private_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "mrda/interop/fd.h"

namespace mrda::service {

namespace {

/// Bits of a mode that must not be set, and what is said, and to be done, where one is.
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
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return os_error("mkdir", errno, "cannot make " + path);
    }
    const Fd dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!dir) {
        return os_error("open", errno, "cannot open folder " + path);
    }
    return check(dir.get(), path, denied);
}

/// One folder or symbolic link on the way to `path`.
Result<void> check_step(const std::string& step, const std::string& path) {
    struct stat status {};
    if (::lstat(step.c_str(), &status) != 0) {
        return os_error("lstat", errno, "cannot look at " + step);
    }
    const bool owned = status.st_uid == ::geteuid() || status.st_uid == 0;
    const bool open = (status.st_mode & kWriting.bits) != 0 && (status.st_mode & S_ISVTX) == 0;
    if (owned && (S_ISLNK(status.st_mode) || !open)) {
        return {};
    }
    return make_error(
        Errc::permission_denied,
        "others could put a folder of theirs in the place of " + path + ": " + step +
            (owned ? " can be changed by them; chmod go-w " + step
                   : " is user " + std::to_string(status.st_uid) + "'s; name another folder"));
}

Result<void> check_steps(const std::filesystem::path& path) {
    std::filesystem::path step;
    for (const auto& part : path) {
        step /= part;
        MRDA_TRY(check_step(step.string(), path.string()));
    }
    return {};
}

}  // namespace

Result<void> check_private(int fd, const std::string& path) {
    return check(fd, path, kAll);
}

Result<void> make_private_dir(const std::string& path) {
    MRDA_ASSIGN(const std::string dir, absolute_dir(path));
    for (std::size_t slash = dir.find('/', 1); slash != std::string::npos;
         slash = dir.find('/', slash + 1)) {
        ::mkdir(dir.substr(0, slash).c_str(), 0700);  // What is there already is fine.
    }
    return make_dir(dir, kAll);
}

Result<void> make_own_dir(const std::string& path) {
    MRDA_ASSIGN(const std::string dir, absolute_dir(path));
    return make_dir(dir, kWriting);
}

Result<void> check_way_to(const std::string& path) {
    MRDA_ASSIGN(const std::string dir, absolute_dir(path));
    std::error_code error;
    const auto real = std::filesystem::canonical(dir, error);
    if (error) {
        return os_error("realpath", error.value(), "cannot tell where " + dir + " is");
    }
    MRDA_TRY(check_steps(dir));
    return check_steps(real);  // Where links on the way lead.
}

Result<std::string> absolute_dir(const std::string& path) {
    std::error_code error;
    const auto absolute = std::filesystem::absolute(path, error);
    if (error) {
        return os_error("getcwd", error.value(), "cannot tell where " + path + " is");
    }
    std::string dir = absolute.lexically_normal().string();
    while (dir.size() > 1 && dir.back() == '/') {
        dir.pop_back();
    }
    return dir;
}

bool lies_in(const std::string& path, const std::string& dir) {
    return path == dir || path.rfind(dir == "/" ? dir : dir + "/", 0) == 0;
}

}  // namespace mrda::service
