// SPDX-License-Identifier: MIT
#include "system.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace mrda::stub::system {

namespace {

long checked(long result) {
    return result < 0 ? -errno : result;
}

}  // namespace

int open(int directory, const char* path, int flags, mode_t mode) {
    return static_cast<int>(checked(::syscall(SYS_openat, directory, path, flags, mode)));
}

int close(int fd) {
    return static_cast<int>(checked(::syscall(SYS_close, fd)));
}

int fstat(int fd, struct stat* status) {
    return static_cast<int>(checked(::syscall(SYS_fstat, fd, status)));
}

int memfd(const char* name, bool close_on_exec) {
    return static_cast<int>(
        checked(::syscall(SYS_memfd_create, name, close_on_exec ? MFD_CLOEXEC : 0U)));
}

int truncate(int fd, std::uint64_t size_bytes) {
    return static_cast<int>(checked(::syscall(SYS_ftruncate, fd, size_bytes)));
}

int duplicate(int fd, int lowest, bool close_on_exec) {
    return static_cast<int>(
        checked(::syscall(SYS_fcntl, fd, close_on_exec ? F_DUPFD_CLOEXEC : F_DUPFD, lowest)));
}

void* map_shared(std::uint64_t size_bytes, int fd) {
    const long mapped =
        ::syscall(SYS_mmap, nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return mapped == -1 ? nullptr : reinterpret_cast<void*>(mapped);
}

void unmap(void* address, std::uint64_t size_bytes) {
    ::syscall(SYS_munmap, address, size_bytes);
}

long read_link(const char* path, char* target, std::size_t size) {
    return checked(::syscall(SYS_readlink, path, target, size));
}

}  // namespace mrda::stub::system
