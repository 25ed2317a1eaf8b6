// SPDX-License-Identifier: MIT
#include <level_zero/ze_api.h>

#include <bit>
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

constexpr std::size_t kMaxAlignment = std::size_t{1} << 30;
constexpr ze_device_mem_alloc_flags_t kDeviceFlags =
    ZE_DEVICE_MEM_ALLOC_FLAG_BIAS_CACHED | ZE_DEVICE_MEM_ALLOC_FLAG_BIAS_UNCACHED |
    ZE_DEVICE_MEM_ALLOC_FLAG_BIAS_INITIAL_PLACEMENT;
constexpr ze_host_mem_alloc_flags_t kHostFlags =
    ZE_HOST_MEM_ALLOC_FLAG_BIAS_CACHED | ZE_HOST_MEM_ALLOC_FLAG_BIAS_UNCACHED |
    ZE_HOST_MEM_ALLOC_FLAG_BIAS_WRITE_COMBINED | ZE_HOST_MEM_ALLOC_FLAG_BIAS_INITIAL_PLACEMENT;

/// What the chain of extensions to an allocation's descriptor asks for.
struct Extensions {
    ze_external_memory_type_flags_t export_types = 0;
    const ze_external_memory_import_fd_t* import = nullptr;
};

ze_result_t check_external_types(ze_external_memory_type_flags_t flags) {
    return (flags & ~kExternalMemoryTypes) == 0 ? ZE_RESULT_SUCCESS
                                                : ZE_RESULT_ERROR_UNSUPPORTED_ENUMERATION;
}

ze_result_t read_extensions(const void* next, Extensions& out) {
    for (auto* link = static_cast<const ze_base_desc_t*>(next); link != nullptr;
         link = static_cast<const ze_base_desc_t*>(link->pNext)) {
        ze_result_t result = ZE_RESULT_SUCCESS;
        switch (link->stype) {
            case ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_EXPORT_DESC: {
                const auto asked =
                    reinterpret_cast<const ze_external_memory_export_desc_t*>(link)->flags;
                out.export_types = asked != 0 ? asked : kExternalMemoryTypes;  // 0: the default
                result = check_external_types(asked);
                break;
            }
            case ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMPORT_FD:
                out.import = reinterpret_cast<const ze_external_memory_import_fd_t*>(link);
                result = check_external_types(out.import->flags);
                break;
            case ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMPORT_WIN32:
                result = ZE_RESULT_ERROR_UNSUPPORTED_FEATURE;
                break;
            // What is left are hints, or limits that this device does not have: an allocation may
            // already be as large as the device's memory.
            default:
                break;
        }
        if (result != ZE_RESULT_SUCCESS) {
            return result;
        }
    }
    return ZE_RESULT_SUCCESS;
}

/// The object that the memory will be: a new one, or the imported one if it is large enough and
/// stays so.
Result<Fd> obtain_object(const Extensions& extensions, std::size_t size_bytes) {
    if (extensions.import == nullptr) {
        return new_memory_object(round_to_pages(size_bytes));
    }
    MRDA_ASSIGN(Fd object, duplicate_fd(extensions.import->fd));
    MRDA_ASSIGN(const std::uint64_t object_bytes, unshrinkable_size_bytes(object.get()));
    if (object_bytes < size_bytes) {
        return make_error(Errc::invalid_argument, "the imported object is smaller than asked for");
    }
    return object;
}

ze_result_t check_layout(std::size_t size_bytes, std::size_t alignment) {
    if (size_bytes == 0 || size_bytes > memory_size_bytes()) {
        return ZE_RESULT_ERROR_UNSUPPORTED_SIZE;
    }
    if (alignment != 0 && (!std::has_single_bit(alignment) || alignment > kMaxAlignment)) {
        return ZE_RESULT_ERROR_UNSUPPORTED_ALIGNMENT;
    }
    return ZE_RESULT_SUCCESS;
}

ze_result_t allocate(ze_context_handle_t context_handle, ze_memory_type_t type, const void* next,
                     std::size_t size_bytes, std::size_t alignment, void** pointer) {
    auto context = find_context(context_handle);
    if (context == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    if (pointer == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    if (const auto result = check_layout(size_bytes, alignment); result != ZE_RESULT_SUCCESS) {
        return result;
    }
    Extensions extensions;
    if (const auto result = read_extensions(next, extensions); result != ZE_RESULT_SUCCESS) {
        return result;
    }
    auto object = obtain_object(extensions, size_bytes);
    if (!object) {
        return to_ze(object.error());
    }
    auto mapping = map_object(object->get(), size_bytes, alignment);
    if (!mapping) {
        return to_ze(mapping.error());
    }
    auto allocation = std::make_shared<Allocation>(Allocation::Parts{
        .context = std::move(context),
        .object = *std::move(object),
        .mapping = *std::move(mapping),
        .size_bytes = size_bytes,
        .type = type,
        .origin = extensions.import != nullptr ? Origin::imported : Origin::allocated,
        .export_types = extensions.export_types,
    });
    void* const base = allocation->base();
    allocations().add(std::move(allocation));
    *pointer = base;
    return ZE_RESULT_SUCCESS;
}

ze_result_t check_device_desc(const ze_device_mem_alloc_desc_t* desc) {
    if (desc == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    if ((desc->flags & ~kDeviceFlags) != 0) {
        return ZE_RESULT_ERROR_INVALID_ENUMERATION;
    }
    // There is one kind of device memory.
    return desc->ordinal == 0 ? ZE_RESULT_SUCCESS : ZE_RESULT_ERROR_INVALID_ARGUMENT;
}

ze_result_t check_host_desc(const ze_host_mem_alloc_desc_t* desc) {
    if (desc == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    return (desc->flags & ~kHostFlags) == 0 ? ZE_RESULT_SUCCESS
                                            : ZE_RESULT_ERROR_INVALID_ENUMERATION;
}

ze_result_t export_allocation(Allocation& allocation, ze_external_memory_export_fd_t& out) {
    if (const auto result = check_external_types(out.flags); result != ZE_RESULT_SUCCESS) {
        return result;
    }
    if (allocation.export_types() == 0 || (out.flags & ~allocation.export_types()) != 0) {
        return ZE_RESULT_ERROR_UNSUPPORTED_FEATURE;
    }
    auto fd = allocation.export_fd();
    if (!fd) {
        return to_ze(fd.error());
    }
    out.fd = fd->release();
    return ZE_RESULT_SUCCESS;
}

/// Answers the extensions to a query; `allocation` may be null, for memory that is not USM.
ze_result_t answer_extensions(void* next, Allocation* allocation) {
    for (auto* link = static_cast<ze_base_properties_t*>(next); link != nullptr;
         link = static_cast<ze_base_properties_t*>(link->pNext)) {
        if (link->stype == ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_EXPORT_WIN32) {
            return ZE_RESULT_ERROR_UNSUPPORTED_FEATURE;
        }
        if (link->stype == ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_EXPORT_FD) {
            if (allocation == nullptr) {
                return ZE_RESULT_ERROR_INVALID_ARGUMENT;
            }
            auto& out = *reinterpret_cast<ze_external_memory_export_fd_t*>(link);
            if (const auto result = export_allocation(*allocation, out);
                result != ZE_RESULT_SUCCESS) {
                return result;
            }
        }
    }
    return ZE_RESULT_SUCCESS;
}

/// The context's allocation that `pointer` points into, or null.
std::shared_ptr<Allocation> find_in(const std::shared_ptr<Context>& context, const void* pointer) {
    auto allocation = allocations().find(pointer);
    return allocation != nullptr && allocation->belongs_to(context) ? allocation : nullptr;
}

}  // namespace

namespace entry {

ze_result_t mem_alloc_shared(ze_context_handle_t context,
                             const ze_device_mem_alloc_desc_t* device_desc,
                             const ze_host_mem_alloc_desc_t* host_desc, size_t size_bytes,
                             size_t alignment, ze_device_handle_t device, void** pointer) {
    return guarded([&] {
        if (device != nullptr && !is_device(device)) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (const auto result = check_device_desc(device_desc); result != ZE_RESULT_SUCCESS) {
            return result;
        }
        if (const auto result = check_host_desc(host_desc); result != ZE_RESULT_SUCCESS) {
            return result;
        }
        return allocate(context, ZE_MEMORY_TYPE_SHARED, device_desc->pNext, size_bytes, alignment,
                        pointer);
    });
}

ze_result_t mem_alloc_device(ze_context_handle_t context, const ze_device_mem_alloc_desc_t* desc,
                             size_t size_bytes, size_t alignment, ze_device_handle_t device,
                             void** pointer) {
    return guarded([&] {
        if (!is_device(device)) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (const auto result = check_device_desc(desc); result != ZE_RESULT_SUCCESS) {
            return result;
        }
        return allocate(context, ZE_MEMORY_TYPE_DEVICE, desc->pNext, size_bytes, alignment,
                        pointer);
    });
}

ze_result_t mem_alloc_host(ze_context_handle_t context, const ze_host_mem_alloc_desc_t* desc,
                           size_t size_bytes, size_t alignment, void** pointer) {
    return guarded([&] {
        if (const auto result = check_host_desc(desc); result != ZE_RESULT_SUCCESS) {
            return result;
        }
        return allocate(context, ZE_MEMORY_TYPE_HOST, desc->pNext, size_bytes, alignment, pointer);
    });
}

ze_result_t mem_free(ze_context_handle_t context_handle, void* pointer) {
    return guarded([&] {
        const auto context = find_context(context_handle);
        if (context == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (pointer == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        const auto freed = allocations().take(pointer, [&](const Allocation& allocation) {
            return allocation.belongs_to(context) && allocation.origin() != Origin::opened_ipc;
        });
        return freed != nullptr ? ZE_RESULT_SUCCESS : ZE_RESULT_ERROR_INVALID_ARGUMENT;
    });
}

ze_result_t mem_get_alloc_properties(ze_context_handle_t context_handle, const void* pointer,
                                     ze_memory_allocation_properties_t* properties,
                                     ze_device_handle_t* device) {
    return guarded([&] {
        const auto context = find_context(context_handle);
        if (context == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (pointer == nullptr || properties == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        const auto allocation = find_in(context, pointer);
        const bool known = allocation != nullptr;
        properties->type = known ? allocation->type() : ZE_MEMORY_TYPE_UNKNOWN;
        properties->id = known ? allocation->id() : 0;
        properties->pageSize = known ? page_size_bytes() : 0;
        if (device != nullptr) {
            const bool on_device = known && allocation->type() != ZE_MEMORY_TYPE_HOST;
            *device = on_device ? device_handle() : nullptr;
        }
        return answer_extensions(properties->pNext, allocation.get());
    });
}

ze_result_t mem_get_address_range(ze_context_handle_t context_handle, const void* pointer,
                                  void** base, size_t* size_bytes) {
    return guarded([&] {
        const auto context = find_context(context_handle);
        if (context == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (pointer == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        const auto allocation = find_in(context, pointer);
        if (allocation == nullptr) {
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
        }
        if (base != nullptr) {
            *base = allocation->base();
        }
        if (size_bytes != nullptr) {
            *size_bytes = allocation->size_bytes();
        }
        return ZE_RESULT_SUCCESS;
    });
}

}  // namespace entry

}  // namespace mrda::ze_soft
