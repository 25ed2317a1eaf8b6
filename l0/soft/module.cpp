// SPDX-License-Identifier: MIT
// Modules. There is no compiler: a module is a shared object of this machine, see
// mrda/ze_soft/kernel.h.
#include "module.h"

#include <algorithm>
#include <cstring>

#include "driver.h"
#include "entries.h"
#include "guard.h"
#include "handle_table.h"
#include "mapping.h"

namespace mrda::ze_soft {

namespace {

ze_result_t check_desc(const ze_module_desc_t* desc) {
    if (desc == nullptr || desc->pInputModule == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    if (desc->format > ZE_MODULE_FORMAT_NATIVE) {
        return ZE_RESULT_ERROR_INVALID_ENUMERATION;
    }
    return desc->inputSize == 0 ? ZE_RESULT_ERROR_INVALID_SIZE : ZE_RESULT_SUCCESS;
}

/// The binary, or the code and in `log` the words for why there is none.
ze_result_t build(const ze_module_desc_t& desc, std::shared_ptr<const NativeBinary>& binary,
                  std::string& log) {
    if (desc.format != ZE_MODULE_FORMAT_NATIVE) {
        log =
            "SPIR-V was given, and the software device has no compiler; give it a native module, "
            "see mrda/ze_soft/kernel.h";
        return ZE_RESULT_ERROR_UNSUPPORTED_FEATURE;
    }
    if (desc.pConstants != nullptr && desc.pConstants->numConstants != 0) {
        log = "specialization constants were given, which only SPIR-V has";
        return ZE_RESULT_ERROR_INVALID_ARGUMENT;
    }
    auto loaded = NativeBinary::load(std::as_bytes(std::span(desc.pInputModule, desc.inputSize)));
    if (!loaded.ok()) {
        log = to_string(loaded.error());
        return loaded.error().code == Errc::unsupported ? ZE_RESULT_ERROR_INVALID_NATIVE_BINARY
                                                        : to_ze(loaded.error());
    }
    binary = *std::move(loaded);
    return ZE_RESULT_SUCCESS;
}

/// Runs `body` on the live module behind the handle.
template <typename Body>
ze_result_t with_module(ze_module_handle_t handle, Body body) {
    return guarded([&] {
        const auto module = live<Module>().find(handle);
        return module == nullptr ? ZE_RESULT_ERROR_INVALID_NULL_HANDLE : body(*module);
    });
}

}  // namespace

namespace entry {

ze_result_t module_create(ze_context_handle_t context_handle, ze_device_handle_t device,
                          const ze_module_desc_t* desc, ze_module_handle_t* handle,
                          ze_module_build_log_handle_t* log_handle) {
    return guarded([&] {
        auto context = find_context(context_handle);
        if (context == nullptr || !is_device(device)) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (handle == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if (const auto result = check_desc(desc); result != ZE_RESULT_SUCCESS) {
            return result;
        }
        std::shared_ptr<const NativeBinary> binary;
        auto log = std::make_shared<BuildLog>();
        const ze_result_t result = build(*desc, binary, log->text);
        if (log_handle != nullptr) {
            *log_handle = publish<ze_module_build_log_handle_t>(std::move(log));
        }
        if (result == ZE_RESULT_SUCCESS) {
            *handle = publish<ze_module_handle_t>(
                std::make_shared<Module>(std::move(context), std::move(binary)));
        }
        return result;
    });
}

ze_result_t module_destroy(ze_module_handle_t handle) {
    return with_module(handle, [&](const Module& module) {
        if (module.in_use()) {
            return ZE_RESULT_ERROR_HANDLE_OBJECT_IN_USE;
        }
        return live<Module>().take(handle) != nullptr ? ZE_RESULT_SUCCESS
                                                      : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    });
}

ze_result_t module_get_native_binary(ze_module_handle_t handle, size_t* size_bytes,
                                     uint8_t* bytes) {
    return with_module(handle, [&](const Module& module) {
        if (size_bytes == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        const NativeBinary& binary = *module.binary();
        if (bytes == nullptr) {
            *size_bytes = binary.size_bytes();
            return ZE_RESULT_SUCCESS;
        }
        *size_bytes = std::min(*size_bytes, binary.size_bytes());
        const auto read = binary.read(std::as_writable_bytes(std::span(bytes, *size_bytes)));
        return read.ok() ? ZE_RESULT_SUCCESS : to_ze(read.error());
    });
}

ze_result_t module_get_global_pointer(ze_module_handle_t handle, const char* name, size_t*,
                                      void**) {
    return with_module(handle, [&](const Module&) {
        return name == nullptr ? ZE_RESULT_ERROR_INVALID_NULL_POINTER
                               : ZE_RESULT_ERROR_INVALID_GLOBAL_NAME;
    });
}

ze_result_t module_get_function_pointer(ze_module_handle_t handle, const char* name,
                                        void** pointer) {
    return with_module(handle, [&](const Module&) {
        return name == nullptr || pointer == nullptr ? ZE_RESULT_ERROR_INVALID_NULL_POINTER
                                                     : ZE_RESULT_ERROR_INVALID_FUNCTION_NAME;
    });
}

ze_result_t module_get_kernel_names(ze_module_handle_t handle, uint32_t* count,
                                    const char** names) {
    return with_module(handle, [&](const Module& module) {
        return list(module.binary()->kernels(), count, names,
                    [](const char*& out, const mrda_soft_kernel& kernel) { out = kernel.name; });
    });
}

ze_result_t module_get_properties(ze_module_handle_t handle, ze_module_properties_t* properties) {
    return with_module(handle, [&](const Module&) {
        if (properties == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        properties->flags = 0;
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t module_build_log_destroy(ze_module_build_log_handle_t handle) {
    return guarded([&] {
        return live<BuildLog>().take(handle) != nullptr ? ZE_RESULT_SUCCESS
                                                        : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    });
}

ze_result_t module_build_log_get_string(ze_module_build_log_handle_t handle, size_t* size_bytes,
                                        char* text) {
    return guarded([&] {
        const auto log = live<BuildLog>().find(handle);
        if (log == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        return give_text(log->text, size_bytes, text);
    });
}

}  // namespace entry

}  // namespace mrda::ze_soft
