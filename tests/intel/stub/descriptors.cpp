// SPDX-License-Identifier: MIT
// The C library's functions that take a descriptor, in whose place this library stands: nodes have
// ioctls and mappings, and objects look like DMA-BUFs.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <map>
#include <mutex>

#include "node.h"
#include "object.h"
#include "system.h"
#include "trace.h"

#ifndef DMA_BUF_MAGIC
#define DMA_BUF_MAGIC 0x444d4142
#endif

namespace {

using namespace mrda::stub;

constexpr unsigned kDrmType = 'd';

/// The mappings of objects that are there, while there is a trace to tell of them.
struct Mappings {
    std::mutex mutex;
    std::map<void*, std::uint32_t> objects;
};
Mappings& mappings() {
    static Mappings& all = *new Mappings;
    return all;
}

void* tell_mapped(void* address, std::uint32_t number, size_t size, const char* by) {
    if (address != MAP_FAILED && is_traced()) {
        trace("MAP bo=%u length=%zu by=%s", number, size, by);
        const std::scoped_lock lock(mappings().mutex);
        mappings().objects[address] = number;
    }
    return address;
}

void tell_unmapped(void* address, const void* caller) {
    if (!is_traced()) {
        return;
    }
    const char* const by = library_of(caller);
    const std::scoped_lock lock(mappings().mutex);
    const auto found = mappings().objects.find(address);
    if (found != mappings().objects.end()) {
        trace("UNMAP bo=%u by=%s", found->second, by);
        mappings().objects.erase(found);
    }
}

void* map(void* address, size_t size, int protection, int flags, int fd, off_t offset,
          const void* caller) {
    const auto real = [&](int from, int how, off_t at) {
        return reinterpret_cast<void*>(
            ::syscall(SYS_mmap, address, size, protection, how, from, at));
    };
    if ((flags & MAP_ANONYMOUS) != 0 || fd < 0) {
        return real(fd, flags, offset);
    }
    const char* const by = is_traced() ? library_of(caller) : "";
    if (const std::uint32_t number = object_number_of_fd(fd); number != 0) {
        return tell_mapped(real(fd, flags, offset), number, size, by);
    }
    const std::unique_lock lock(kernel_mutex());
    const auto node = find_node(fd);
    if (node == nullptr) {
        return real(fd, flags, offset);
    }
    if (static_cast<std::uint64_t>(offset) == kBarrierOffset) {
        return real(-1, MAP_PRIVATE | MAP_ANONYMOUS, 0);
    }
    const auto object = find_map_offset(*node, static_cast<std::uint64_t>(offset));
    // The drivers map whole objects, from their beginning.
    if (object == nullptr || size > object->size_bytes() ||
        static_cast<std::uint64_t>(offset) != map_offset_of(*object)) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    return tell_mapped(real(object->memory(), (flags & ~MAP_PRIVATE) | MAP_SHARED, 0),
                       object->number(), size, by);
}

/// An ioctl of a DMA-BUF. This memory is always coherent, and has no fences: ENOTTY, as before
/// Linux 6.0.
int dma_buf_ioctl(unsigned long request) {
    switch (_IOC_NR(request)) {
        case _IOC_NR(DMA_BUF_IOCTL_SYNC):
        case _IOC_NR(DMA_BUF_SET_NAME_A):
            return 0;
        default:
            return -ENOTTY;
    }
}

int node_ioctl(int fd, unsigned long request, void* argument, bool* is_node) {
    std::unique_lock lock(kernel_mutex());
    const auto node = find_node(fd);
    *is_node = node != nullptr;
    return node == nullptr ? 0 : call_ioctl({lock, *node, request, argument});
}

/// `made`, a duplicate of `fd` or -1.
int tell_duplicate(int fd, int made, const void* caller) {
    if (const std::uint32_t number = made >= 0 && is_traced() ? object_number_of_fd(fd) : 0;
        number != 0) {
        trace("dup fd=%d bo=%u by=%s -> fd=%d", fd, number, library_of(caller), made);
    }
    return made;
}

int control(int fd, int command, void* argument, const void* caller) {
    if ((command == F_GET_SEALS || command == F_ADD_SEALS) && object_number_of_fd(fd) != 0) {
        errno = EINVAL;
        return -1;
    }
    const auto result = static_cast<int>(::syscall(SYS_fcntl, fd, command, argument));
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? tell_duplicate(fd, result, caller)
                                                            : result;
}

int result_of(int result) {
    if (result < 0) {
        errno = -result;
        return -1;
    }
    return result;
}

/// Does what ends `fd`, and tells of what goes with it.
template <typename End>
int closing(int fd, const void* caller, End end) {
    struct stat status {};
    const int known = mrda::stub::system::fstat(fd, &status);
    const std::uint32_t number = known == 0 && is_traced() ? object_number_of_fd(fd) : 0;
    if (number != 0) {
        trace("close fd=%d bo=%u by=%s", fd, number, library_of(caller));
    } else if (known != 0) {
        trace("close fd=%d -> EBADF by=%s", fd, library_of(caller));
    }
    const std::scoped_lock lock(kernel_mutex());
    const bool is_node = find_node(fd) != nullptr;
    const int result = end();
    if (is_node && result >= 0) {
        end_closed_nodes(status.st_ino);
    }
    return result_of(result);
}

/// dup2(2): what was open at `wanted` is closed first.
int duplicate_onto(int fd, int wanted, int flags, const void* caller) {
    const auto real = [&] {
        return fd == wanted ? static_cast<int>(::syscall(SYS_dup2, fd, wanted))
                            : static_cast<int>(::syscall(SYS_dup3, fd, wanted, flags));
    };
    struct stat status {};
    const bool replaces = fd != wanted && mrda::stub::system::fstat(wanted, &status) == 0;
    const int made = replaces ? closing(wanted, caller,
                                        [&] {
                                            const int result = real();
                                            return result < 0 ? -errno : result;
                                        })
                              : real();
    return tell_duplicate(fd, made, caller);
}

}  // namespace

extern "C" {

#pragma GCC visibility push(default)

int ioctl(int fd, unsigned long request, ...) noexcept {
    std::va_list rest;
    va_start(rest, request);
    void* const argument = va_arg(rest, void*);
    va_end(rest);
    if (_IOC_TYPE(request) == kDrmType) {
        bool is_node = false;
        const int result = node_ioctl(fd, request, argument, &is_node);
        if (is_node) {
            return result_of(result);
        }
    } else if (_IOC_TYPE(request) == DMA_BUF_BASE && object_number_of_fd(fd) != 0) {
        return result_of(dma_buf_ioctl(request));
    }
    return static_cast<int>(::syscall(SYS_ioctl, fd, request, argument));
}

void* mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset) noexcept {
    return map(address, size, protection, flags, fd, offset, __builtin_return_address(0));
}
void* mmap64(void* address, size_t size, int protection, int flags, int fd,
             off64_t offset) noexcept {
    return map(address, size, protection, flags, fd, offset, __builtin_return_address(0));
}

int munmap(void* address, size_t size) noexcept {
    tell_unmapped(address, __builtin_return_address(0));
    return static_cast<int>(::syscall(SYS_munmap, address, size));
}

int close(int fd) {
    if (is_trace_descriptor(fd)) {
        return result_of(-EBADF);
    }
    return closing(fd, __builtin_return_address(0), [&] { return mrda::stub::system::close(fd); });
}

int dup(int fd) noexcept {
    return tell_duplicate(fd, static_cast<int>(::syscall(SYS_dup, fd)),
                          __builtin_return_address(0));
}
int dup2(int fd, int wanted) noexcept {
    return duplicate_onto(fd, wanted, 0, __builtin_return_address(0));
}
int dup3(int fd, int wanted, int flags) noexcept {
    return fd == wanted ? result_of(-EINVAL)
                        : duplicate_onto(fd, wanted, flags, __builtin_return_address(0));
}

int fstatfs(int fd, struct statfs* status) noexcept {
    const long result = ::syscall(SYS_fstatfs, fd, status);
    if (result == 0 && object_number_of_fd(fd) != 0) {
        status->f_type = DMA_BUF_MAGIC;
    }
    return static_cast<int>(result);
}

int fcntl(int fd, int command, ...) {
    std::va_list rest;
    va_start(rest, command);
    void* const argument = va_arg(rest, void*);
    va_end(rest);
    return control(fd, command, argument, __builtin_return_address(0));
}
int fcntl64(int fd, int command, ...) {
    std::va_list rest;
    va_start(rest, command);
    void* const argument = va_arg(rest, void*);
    va_end(rest);
    return control(fd, command, argument, __builtin_return_address(0));
}

#pragma GCC visibility pop

}  // extern "C"
