// SPDX-License-Identifier: MIT
// IPC handles, as Level Zero 1.x clients on Linux use them: the first int of the opaque bytes is
// the number of a descriptor in the exporting process. Who passes the handle on sends that
// descriptor by SCM_RIGHTS and writes the number that it got into the copy. The descriptor belongs
// to the allocation and is closed with it; the importer's stays the importer's.
#include <level_zero/ze_api.h>

#include <cstring>
#include <type_traits>
#include <utility>

#include "allocation.h"
#include "context.h"
#include "driver.h"
#include "entries.h"
#include "guard.h"
#include "mapping.h"
#include "mrda/interop/seals.h"

namespace mrda::ze_soft {

namespace {

constexpr uint32_t kHandleMagic = 0x4155524d;  // "MRUA": MRDA's USM allocation
constexpr ze_ipc_memory_flags_t kIpcFlags =
    ZE_IPC_MEMORY_FLAG_BIAS_CACHED | ZE_IPC_MEMORY_FLAG_BIAS_UNCACHED;

struct HandleBytes {
    int fd = -1;
    uint32_t magic = kHandleMagic;
    uint64_t size_bytes = 0;
};
static_assert(sizeof(HandleBytes) <= sizeof(ze_ipc_mem_handle_t));
static_assert(std::is_trivially_copyable_v<HandleBytes>);

/// Maps what the handle names. A handle is another process' word: its size is held against the
/// object, which must be one that cannot shrink.
ze_result_t open(const HandleBytes& handle, std::shared_ptr<Context> context, void** pointer) {
    if (handle.magic != kHandleMagic || handle.size_bytes == 0 ||
        handle.size_bytes > memory_size_bytes()) {
        return ZE_RESULT_ERROR_INVALID_ARGUMENT;
    }
    auto object = duplicate_fd(handle.fd);
    if (!object) {
        return to_ze(object.error());
    }
    const auto object_bytes = unshrinkable_size_bytes(object->get());
    if (!object_bytes || *object_bytes < handle.size_bytes) {
        return ZE_RESULT_ERROR_INVALID_ARGUMENT;
    }
    auto mapping = map_object(object->get(), handle.size_bytes, page_size_bytes());
    if (!mapping) {
        return to_ze(mapping.error());
    }
    auto allocation = std::make_shared<Allocation>(Allocation::Parts{
        .context = std::move(context),
        .object = *std::move(object),
        .mapping = *std::move(mapping),
        .size_bytes = handle.size_bytes,
        .type = ZE_MEMORY_TYPE_DEVICE,
        .origin = Origin::opened_ipc,
        .export_types = 0,
    });
    void* const base = allocation->base();
    allocations().add(std::move(allocation));
    *pointer = base;
    return ZE_RESULT_SUCCESS;
}

}  // namespace

namespace entry {

ze_result_t mem_get_ipc_handle(ze_context_handle_t context_handle, const void* pointer,
                               ze_ipc_mem_handle_t* handle) {
    return guarded([&] {
        const auto context = find_context(context_handle);
        if (context == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (pointer == nullptr || handle == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        const auto allocation = allocations().find(pointer);
        if (allocation == nullptr || !allocation->belongs_to(context)) {
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
        }
        const HandleBytes bytes = {.fd = allocation->object(),
                                   .size_bytes = allocation->size_bytes()};
        *handle = {};
        std::memcpy(handle->data, &bytes, sizeof bytes);
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t mem_open_ipc_handle(ze_context_handle_t context_handle, ze_device_handle_t device,
                                ze_ipc_mem_handle_t handle, ze_ipc_memory_flags_t flags,
                                void** pointer) {
    return guarded([&] {
        auto context = find_context(context_handle);
        if (context == nullptr || !is_device(device)) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if ((flags & ~kIpcFlags) != 0) {
            return ZE_RESULT_ERROR_INVALID_ENUMERATION;
        }
        if (pointer == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        HandleBytes bytes;
        std::memcpy(&bytes, handle.data, sizeof bytes);
        return open(bytes, std::move(context), pointer);
    });
}

ze_result_t mem_close_ipc_handle(ze_context_handle_t context_handle, const void* pointer) {
    return guarded([&] {
        const auto context = find_context(context_handle);
        if (context == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (pointer == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        const auto closed = allocations().take(pointer, [&](const Allocation& allocation) {
            return allocation.belongs_to(context) && allocation.origin() == Origin::opened_ipc;
        });
        return closed != nullptr ? ZE_RESULT_SUCCESS : ZE_RESULT_ERROR_INVALID_ARGUMENT;
    });
}

}  // namespace entry

}  // namespace mrda::ze_soft
