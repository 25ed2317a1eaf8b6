// SPDX-License-Identifier: MIT
#include "mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "driver.h"

namespace mrda::ze_soft {

namespace {

/// Address space with nothing in it, from which an aligned part is then used.
Result<Mapping> reserve(std::size_t size_bytes) {
    void* const address =
        ::mmap(nullptr, size_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED) {
        return os_error("mmap", errno, "cannot reserve " + std::to_string(size_bytes) + " bytes");
    }
    return Mapping({static_cast<std::byte*>(address), size_bytes});
}

}  // namespace

void MappingPolicy::close(Handle view) {
    ::munmap(view.address, view.size_bytes);
}

std::size_t round_to_pages(std::size_t size_bytes) {
    const std::size_t page = page_size_bytes();
    return (size_bytes + page - 1) / page * page;
}

Result<Fd> new_memory_object(std::size_t size_bytes) {
    Fd object(::memfd_create("mrda-usm", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!object) {
        return os_error("memfd_create", errno, "cannot create an object for USM");
    }
    if (::ftruncate(object.get(), static_cast<off_t>(size_bytes)) != 0) {
        return os_error("ftruncate", errno,
                        "no memory for " + std::to_string(size_bytes) + " bytes");
    }
    if (::fcntl(object.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
        return os_error("fcntl(F_ADD_SEALS)", errno, "cannot seal an object for USM");
    }
    return object;
}

Result<Mapping> map_object(int fd, std::size_t size_bytes, std::size_t alignment) {
    const std::size_t rounded = round_to_pages(size_bytes);
    const std::size_t slack = alignment > page_size_bytes() ? alignment : 0;
    std::size_t reserved = 0;
    if (__builtin_add_overflow(rounded, slack, &reserved)) {
        return make_error(Errc::out_of_memory, "no address space for such an alignment");
    }
    MRDA_ASSIGN(Mapping space, reserve(reserved));
    auto* const start = space.get().address;
    const auto misalignment = slack == 0 ? 0 : reinterpret_cast<std::uintptr_t>(start) % alignment;
    auto* const wanted = misalignment == 0 ? start : start + (alignment - misalignment);

    if (::mmap(wanted, rounded, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
        MAP_FAILED) {
        return os_error("mmap", errno, "cannot map fd " + std::to_string(fd));
    }
    const Mapping::Handle whole = space.release();
    const auto before = static_cast<std::size_t>(wanted - start);
    const std::size_t after = whole.size_bytes - before - rounded;
    if (before != 0) {
        ::munmap(start, before);
    }
    if (after != 0) {
        ::munmap(wanted + rounded, after);
    }
    return Mapping({wanted, rounded});
}

ze_result_t to_ze(const Error& error) {
    switch (error.code) {
        case Errc::out_of_memory:
            return ZE_RESULT_ERROR_OUT_OF_DEVICE_MEMORY;
        case Errc::exhausted:
            return ZE_RESULT_ERROR_OUT_OF_HOST_MEMORY;
        default:
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
    }
}

}  // namespace mrda::ze_soft
