// SPDX-License-Identifier: MIT
// The C library's functions that take a path, in whose place this library stands: paths of the
// device lead into the tree.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "fault.h"
#include "node.h"
#include "paths.h"
#include "system.h"

using mrda::stub::Device;
using mrda::stub::leave_tree;
using mrda::stub::open_node;
using mrda::stub::Path;

namespace {

constexpr unsigned kDrmMajor = 226;

/// The C library's own function of that name.
template <typename Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}
#define NEXT(name) (next<decltype(&::name)>(#name))

int with_errno(int result) {
    if (result < 0) {
        errno = -result;
        return -1;
    }
    return result;
}

int open_path(int directory, const char* asked, int flags, mode_t mode) {
    const Path path(asked);
    int minor = 0;
    if (const Device* device = path.node(&minor); device != nullptr) {
        return with_errno(open_node(*device, minor, flags));
    }
    return with_errno(mrda::stub::system::open(directory, path.c_str(), flags, mode));
}

bool has_mode(int flags) {
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

/// A node's status, as the kernel would show it.
void as_node(int minor, struct stat* status) {
    status->st_mode = S_IFCHR | 0660;
    status->st_rdev = makedev(kDrmMajor, static_cast<unsigned>(minor));
}

int stat_path(int (*real)(const char*, struct stat*), const char* asked, struct stat* status) {
    const Path path(asked);
    const int result = real(path.c_str(), status);
    int minor = 0;
    if (result == 0 && path.node(&minor) != nullptr && !S_ISLNK(status->st_mode)) {
        as_node(minor, status);
    }
    return result;
}

int access_path(int (*real)(const char*, int), const char* asked, int mode) {
    const Path path(asked);
    int minor = 0;
    if (path.node(&minor) != nullptr && mrda::stub::is_lacking("open")) {
        errno = EACCES;
        return -1;
    }
    return real(path.c_str(), mode);
}

char* real_path(char* (*real)(const char*, char*), const char* asked, char* resolved) {
    const Path path(asked);
    char* const found = real(path.c_str(), resolved);
    if (found != nullptr && path.is_in_tree()) {
        leave_tree(found);
    }
    return found;
}

}  // namespace

#define TAKE_MODE(flags)                                    \
    mode_t mode = 0;                                        \
    if (has_mode(flags)) {                                  \
        std::va_list rest;                                  \
        va_start(rest, flags);                              \
        mode = static_cast<mode_t>(va_arg(rest, unsigned)); \
        va_end(rest);                                       \
    }

extern "C" {

#pragma GCC visibility push(default)

int open(const char* path, int flags, ...) {
    TAKE_MODE(flags)
    return open_path(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
    TAKE_MODE(flags)
    return open_path(AT_FDCWD, path, flags, mode);
}
int openat(int directory, const char* path, int flags, ...) {
    TAKE_MODE(flags)
    return open_path(directory, path, flags, mode);
}
int openat64(int directory, const char* path, int flags, ...) {
    TAKE_MODE(flags)
    return open_path(directory, path, flags, mode);
}
// What _FORTIFY_SOURCE makes of them.
int __open_2(const char* path, int flags) {
    return open_path(AT_FDCWD, path, flags, 0);
}
int __open64_2(const char* path, int flags) {
    return open_path(AT_FDCWD, path, flags, 0);
}
int __openat_2(int directory, const char* path, int flags) {
    return open_path(directory, path, flags, 0);
}
int __openat64_2(int directory, const char* path, int flags) {
    return open_path(directory, path, flags, 0);
}

FILE* fopen(const char* path, const char* mode) {
    return NEXT(fopen)(Path(path).c_str(), mode);
}
FILE* fopen64(const char* path, const char* mode) {
    return NEXT(fopen64)(Path(path).c_str(), mode);
}

int access(const char* path, int mode) noexcept {
    return access_path(NEXT(access), path, mode);
}
int faccessat(int directory, const char* path, int mode, int flags) noexcept {
    return NEXT(faccessat)(directory, Path(path).c_str(), mode, flags);
}

ssize_t readlink(const char* path, char* target, size_t size) noexcept {
    return NEXT(readlink)(Path(path).c_str(), target, size);
}

DIR* opendir(const char* path) {
    return NEXT(opendir)(Path(path).c_str());
}
int scandir(const char* path, dirent*** entries, int (*filter)(const dirent*),
            int (*compare)(const dirent**, const dirent**)) {
    return NEXT(scandir)(Path(path).c_str(), entries, filter, compare);
}

char* realpath(const char* path, char* resolved) noexcept {
    return real_path(NEXT(realpath), path, resolved);
}
char* __realpath_chk(const char* path, char* resolved, size_t) noexcept {
    return real_path(NEXT(realpath), path, resolved);
}

int stat(const char* path, struct stat* status) noexcept {
    return stat_path(NEXT(stat), path, status);
}
int lstat(const char* path, struct stat* status) noexcept {
    return stat_path(NEXT(lstat), path, status);
}
// On 64-bit machines both structures are one.
int stat64(const char* path, struct stat64* status) noexcept {
    return stat_path(NEXT(stat), path, reinterpret_cast<struct stat*>(status));
}
int lstat64(const char* path, struct stat64* status) noexcept {
    return stat_path(NEXT(lstat), path, reinterpret_cast<struct stat*>(status));
}

int statx(int directory, const char* path, int flags, unsigned mask,
          struct statx* status) noexcept {
    const Path led(path);
    const int result = NEXT(statx)(directory, led.c_str(), flags, mask, status);
    int minor = 0;
    if (result == 0 && led.node(&minor) != nullptr && !S_ISLNK(status->stx_mode)) {
        status->stx_mode = S_IFCHR | 0660;
        status->stx_rdev_major = kDrmMajor;
        status->stx_rdev_minor = static_cast<unsigned>(minor);
    }
    return result;
}

int fstat(int fd, struct stat* status) noexcept {
    const int result = with_errno(mrda::stub::system::fstat(fd, status));
    if (result == 0) {
        const std::scoped_lock lock(mrda::stub::kernel_mutex());
        if (const auto node = mrda::stub::find_node(fd); node != nullptr) {
            as_node(node->minor, status);
        }
    }
    return result;
}
int fstat64(int fd, struct stat64* status) noexcept {
    return fstat(fd, reinterpret_cast<struct stat*>(status));
}

#pragma GCC visibility pop

}  // extern "C"
