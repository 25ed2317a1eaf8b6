// SPDX-License-Identifier: MIT
#include "context.h"

#include "driver.h"
#include "entries.h"
#include "guard.h"
#include "handle_table.h"

namespace mrda::ze_soft {

namespace {

constexpr ze_context_flags_t kContextFlags = ZE_CONTEXT_FLAG_TBD;

}  // namespace

std::shared_ptr<Context> find_context(ze_context_handle_t handle) {
    return live<Context>().find(handle);
}

namespace entry {

ze_result_t context_create_ex(ze_driver_handle_t driver, const ze_context_desc_t* desc,
                              uint32_t device_count, ze_device_handle_t* devices,
                              ze_context_handle_t* context) {
    return guarded([&] {
        if (!is_driver(driver)) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (desc == nullptr || context == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if ((desc->flags & ~kContextFlags) != 0) {
            return ZE_RESULT_ERROR_INVALID_ENUMERATION;
        }
        if (const auto result = check_devices(device_count, devices); result != ZE_RESULT_SUCCESS) {
            return result;
        }
        *context = publish<ze_context_handle_t>(std::make_shared<Context>());
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t context_create(ze_driver_handle_t driver, const ze_context_desc_t* desc,
                           ze_context_handle_t* context) {
    return context_create_ex(driver, desc, 0, nullptr, context);
}

// Memory, queues, lists and event pools keep their context: a client that forgot one is told so,
// and finds everything as it was.
ze_result_t context_destroy(ze_context_handle_t handle) {
    return guarded([&] {
        const auto context = find_context(handle);
        if (context == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (context->in_use()) {
            return ZE_RESULT_ERROR_HANDLE_OBJECT_IN_USE;
        }
        return live<Context>().take(handle) != nullptr ? ZE_RESULT_SUCCESS
                                                       : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    });
}

ze_result_t context_get_status(ze_context_handle_t handle) {
    return guarded([&] {
        const auto context = find_context(handle);
        return context != nullptr ? context->outcome(true) : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    });
}

}  // namespace entry

}  // namespace mrda::ze_soft
