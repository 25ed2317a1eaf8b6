// SPDX-License-Identifier: MIT
#include "driver.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "entries.h"
#include "guard.h"

namespace mrda::ze_soft {

namespace {

struct Driver {
    int only_its_address_matters = 0;
};
Driver the_driver;

constexpr uint32_t kDriverVersion = MRDA_DRIVER_VERSION;
constexpr std::string_view kDriverUuid = "MRDA soft driver";
static_assert(kDriverUuid.size() == ZE_MAX_DRIVER_UUID_SIZE);
constexpr ze_init_flags_t kInitFlags = ZE_INIT_FLAG_GPU_ONLY | ZE_INIT_FLAG_VPU_ONLY;

}  // namespace

ze_driver_handle_t driver_handle() {
    return reinterpret_cast<ze_driver_handle_t>(&the_driver);
}

namespace entry {

ze_result_t init(ze_init_flags_t flags) {
    if ((flags & ~kInitFlags) != 0) {
        return ZE_RESULT_ERROR_INVALID_ENUMERATION;
    }
    // The device says that it is a GPU (see device.cpp), so who asks for VPUs only gets none.
    return flags == ZE_INIT_FLAG_VPU_ONLY ? ZE_RESULT_ERROR_UNINITIALIZED : ZE_RESULT_SUCCESS;
}

ze_result_t driver_get(uint32_t* count, ze_driver_handle_t* drivers) {
    const ze_driver_handle_t all[] = {driver_handle()};
    return list<ze_driver_handle_t>(all, count, drivers,
                                    [](ze_driver_handle_t& out, auto handle) { out = handle; });
}

ze_result_t driver_get_api_version(ze_driver_handle_t driver, ze_api_version_t* version) {
    if (!is_driver(driver)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    if (version == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    *version = ZE_API_VERSION_1_4;
    return ZE_RESULT_SUCCESS;
}

ze_result_t driver_get_properties(ze_driver_handle_t driver, ze_driver_properties_t* properties) {
    if (!is_driver(driver)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    if (properties == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    std::copy(kDriverUuid.begin(), kDriverUuid.end(), properties->uuid.id);
    properties->driverVersion = kDriverVersion;
    return ZE_RESULT_SUCCESS;
}

ze_result_t driver_get_ipc_properties(ze_driver_handle_t driver,
                                      ze_driver_ipc_properties_t* properties) {
    if (!is_driver(driver)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    if (properties == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    properties->flags = ZE_IPC_PROPERTY_FLAG_MEMORY;
    return ZE_RESULT_SUCCESS;
}

ze_result_t driver_get_extension_properties(ze_driver_handle_t driver, uint32_t* count,
                                            ze_driver_extension_properties_t* extensions) {
    if (!is_driver(driver)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    // None: external memory is core, and so is all else that the driver does.
    return list<ze_driver_extension_properties_t>(
        {}, count, extensions,
        [](ze_driver_extension_properties_t& out, const auto& extension) { out = extension; });
}

}  // namespace entry

}  // namespace mrda::ze_soft
