// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <cstddef>

#include "mrda/interop/fd.h"
#include "mrda/interop/owned.h"
#include "mrda/interop/result.h"

namespace mrda::ze_soft {

/// A page-rounded, shared, writable view of an object, in this process' address space.
struct MappingPolicy {
    struct Handle {
        std::byte* address = nullptr;
        std::size_t size_bytes = 0;
        bool operator==(const Handle&) const = default;
    };
    static Handle null() { return {}; }
    static void close(Handle view);
};
using Mapping = Owned<MappingPolicy>;

/// A new memfd of `size_bytes` (a multiple of the page size), sealed against shrinking: udmabuf
/// asks for that, and nobody who gets a descriptor of it can cut it off beneath the others'
/// mappings.
Result<Fd> new_memory_object(std::size_t size_bytes);

/// Maps the first `size_bytes` of `fd` at a multiple of `alignment` (a power of two).
Result<Mapping> map_object(int fd, std::size_t size_bytes, std::size_t alignment);

/// `size_bytes` rounded up to whole pages; the caller bounds it by the machine's memory before.
std::size_t round_to_pages(std::size_t size_bytes);

/// Level Zero's code for a failed step of the above.
ze_result_t to_ze(const Error& error);

}  // namespace mrda::ze_soft
