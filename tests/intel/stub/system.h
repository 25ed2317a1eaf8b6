// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

/// The kernel's own calls, beneath those that this library puts in the C library's place. They
/// return a negative errno.
namespace mrda::stub::system {

int open(int directory, const char* path, int flags, mode_t mode);
int close(int fd);
int fstat(int fd, struct stat* status);
int memfd(const char* name, bool close_on_exec);
int truncate(int fd, std::uint64_t size_bytes);
int duplicate(int fd, int lowest, bool close_on_exec);
/// Null where it fails.
void* map_shared(std::uint64_t size_bytes, int fd);
void unmap(void* address, std::uint64_t size_bytes);
long read_link(const char* path, char* target, std::size_t size);

}  // namespace mrda::stub::system
