// SPDX-License-Identifier: MIT
// The calls on kernels, but for their launch.
#include <algorithm>

#include "entries.h"
#include "guard.h"
#include "handle_table.h"
#include "kernel.h"

namespace mrda::ze_soft {

namespace {

constexpr ze_kernel_flags_t kKernelFlags =
    ZE_KERNEL_FLAG_FORCE_RESIDENCY | ZE_KERNEL_FLAG_EXPLICIT_RESIDENCY;
constexpr ze_kernel_indirect_access_flags_t kIndirectFlags = ZE_KERNEL_INDIRECT_ACCESS_FLAG_HOST |
                                                             ZE_KERNEL_INDIRECT_ACCESS_FLAG_DEVICE |
                                                             ZE_KERNEL_INDIRECT_ACCESS_FLAG_SHARED;
constexpr ze_cache_config_flags_t kCacheFlags =
    ZE_CACHE_CONFIG_FLAG_LARGE_SLM | ZE_CACHE_CONFIG_FLAG_LARGE_DATA;

/// Runs `body` on the live kernel behind the handle.
template <typename Body>
ze_result_t with_kernel(ze_kernel_handle_t handle, Body body) {
    return guarded([&] {
        const auto kernel = find_kernel(handle);
        return kernel == nullptr ? ZE_RESULT_ERROR_INVALID_NULL_HANDLE : body(*kernel);
    });
}

/// The largest size of at most `most` of which the global size is a multiple: no launch leaves
/// anything over.
uint32_t divisor_of(uint32_t global_size, uint32_t most) {
    uint32_t size = std::min(global_size, most);
    while (global_size % size != 0) {
        --size;
    }
    return size;
}

void answer_extensions(void* next) {
    for (auto* link = static_cast<ze_base_properties_t*>(next); link != nullptr;
         link = static_cast<ze_base_properties_t*>(link->pNext)) {
        if (link->stype == ZE_STRUCTURE_TYPE_KERNEL_PREFERRED_GROUP_SIZE_PROPERTIES) {
            reinterpret_cast<ze_kernel_preferred_group_size_properties_t*>(link)
                ->preferredMultiple = 1;
        }
    }
}

}  // namespace

namespace entry {

ze_result_t kernel_create(ze_module_handle_t module_handle, const ze_kernel_desc_t* desc,
                          ze_kernel_handle_t* handle) {
    return guarded([&] {
        auto module = live<Module>().find(module_handle);
        if (module == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (desc == nullptr || desc->pKernelName == nullptr || handle == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if ((desc->flags & ~kKernelFlags) != 0) {
            return ZE_RESULT_ERROR_INVALID_ENUMERATION;
        }
        const mrda_soft_kernel* const code = module->binary()->find(desc->pKernelName);
        if (code == nullptr) {
            return ZE_RESULT_ERROR_INVALID_KERNEL_NAME;
        }
        *handle = publish<ze_kernel_handle_t>(std::make_shared<Kernel>(std::move(module), *code));
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t kernel_destroy(ze_kernel_handle_t handle) {
    return guarded([&] {
        return live<Kernel>().take(handle) != nullptr ? ZE_RESULT_SUCCESS
                                                      : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    });
}

// A preference, and there is nothing to configure.
ze_result_t kernel_set_cache_config(ze_kernel_handle_t handle, ze_cache_config_flags_t flags) {
    return with_kernel(handle, [&](Kernel&) {
        return (flags & ~kCacheFlags) == 0 ? ZE_RESULT_SUCCESS
                                           : ZE_RESULT_ERROR_INVALID_ENUMERATION;
    });
}

ze_result_t kernel_set_group_size(ze_kernel_handle_t handle, uint32_t x, uint32_t y, uint32_t z) {
    return with_kernel(handle, [&](Kernel& kernel) { return kernel.set_group_size({x, y, z}); });
}

ze_result_t kernel_suggest_group_size(ze_kernel_handle_t handle, uint32_t global_x,
                                      uint32_t global_y, uint32_t global_z, uint32_t* x,
                                      uint32_t* y, uint32_t* z) {
    return with_kernel(handle, [&](Kernel& kernel) {
        if (x == nullptr || y == nullptr || z == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if (global_x == 0 || global_y == 0 || global_z == 0) {
            return ZE_RESULT_ERROR_INVALID_GLOBAL_WIDTH_DIMENSION;
        }
        const auto& required = kernel.code().group_size;
        const uint32_t fixed_y = std::max(required[1], 1U);
        const uint32_t fixed_z = std::max(required[2], 1U);
        *x = required[0] != 0
                 ? required[0]
                 : divisor_of(global_x, MRDA_SOFT_MAX_GROUP_SIZE / (fixed_y * fixed_z));
        *y = required[1] != 0 ? required[1]
                              : divisor_of(global_y, MRDA_SOFT_MAX_GROUP_SIZE / (*x * fixed_z));
        *z = required[2] != 0 ? required[2]
                              : divisor_of(global_z, MRDA_SOFT_MAX_GROUP_SIZE / (*x * *y));
        return ZE_RESULT_SUCCESS;
    });
}

// One: the groups of a launch run one after another, so none may wait for another.
ze_result_t kernel_suggest_max_cooperative_group_count(ze_kernel_handle_t handle, uint32_t* count) {
    return with_kernel(handle, [&](Kernel&) {
        if (count == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        *count = 1;
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t kernel_set_argument_value(ze_kernel_handle_t handle, uint32_t index, size_t size_bytes,
                                      const void* value) {
    return with_kernel(
        handle, [&](Kernel& kernel) { return kernel.set_argument(index, size_bytes, value); });
}

ze_result_t kernel_set_indirect_access(ze_kernel_handle_t handle,
                                       ze_kernel_indirect_access_flags_t flags) {
    return with_kernel(handle, [&](Kernel& kernel) {
        if ((flags & ~kIndirectFlags) != 0) {
            return ZE_RESULT_ERROR_INVALID_ENUMERATION;
        }
        kernel.set_indirect_access(flags);
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t kernel_get_indirect_access(ze_kernel_handle_t handle,
                                       ze_kernel_indirect_access_flags_t* flags) {
    return with_kernel(handle, [&](Kernel& kernel) {
        if (flags == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        *flags = kernel.indirect_access();
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t kernel_get_properties(ze_kernel_handle_t handle, ze_kernel_properties_t* properties) {
    return with_kernel(handle, [&](Kernel& kernel) {
        if (properties == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        auto* const next = properties->pNext;
        *properties = {};
        properties->stype = ZE_STRUCTURE_TYPE_KERNEL_PROPERTIES;
        properties->pNext = next;
        properties->numKernelArgs = kernel.code().argument_count;
        properties->requiredGroupSizeX = kernel.code().group_size[0];
        properties->requiredGroupSizeY = kernel.code().group_size[1];
        properties->requiredGroupSizeZ = kernel.code().group_size[2];
        properties->maxSubgroupSize = 1;
        properties->maxNumSubgroups = MRDA_SOFT_MAX_GROUP_SIZE;
        answer_extensions(next);
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t kernel_get_name(ze_kernel_handle_t handle, size_t* size_bytes, char* name) {
    return with_kernel(
        handle, [&](Kernel& kernel) { return give_text(kernel.code().name, size_bytes, name); });
}

}  // namespace entry

}  // namespace mrda::ze_soft
