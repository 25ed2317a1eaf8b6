// SPDX-License-Identifier: MIT
// The one device: the CPU, as a device that copies and runs kernels. It calls itself a GPU, since
// that is what clients (and zeInit with ZE_INIT_FLAG_GPU_ONLY) look for; its name, its vendor id 0
// and the missing PCI address tell the truth. Its kernels are native code of this machine (see
// mrda/ze_soft/kernel.h), which reach USM and nothing else by their arguments.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <thread>

#include "driver.h"
#include "entries.h"
#include "guard.h"
#include "mrda/ze_soft/kernel.h"

namespace mrda::ze_soft {

namespace {

struct Device {
    int only_its_address_matters = 0;
};
Device the_device;

constexpr std::string_view kDeviceName = "MRDA software device (CPU)";
constexpr std::string_view kDeviceUuid = "MRDA soft device";
constexpr std::string_view kModuleUuid = "MRDA soft kernel";
constexpr std::string_view kMemoryName = "system memory";
static_assert(kDeviceUuid.size() == ZE_MAX_DEVICE_UUID_SIZE);
static_assert(kModuleUuid.size() == ZE_MAX_NATIVE_KERNEL_UUID_SIZE);

/// sysconf's answer, or 0 where the system has none.
std::size_t system_figure(int name) {
    return static_cast<std::size_t>(std::max(::sysconf(name), 0L));
}

void copy_name(std::string_view name, char (&out)[ZE_MAX_DEVICE_NAME]) {
    std::fill(std::begin(out), std::end(out), '\0');
    std::copy(name.begin(), name.end(), out);
}

/// Zeroes what follows an extensible struct's header; stype and pNext are the caller's.
template <typename Properties>
void clear(Properties& properties) {
    const auto stype = properties.stype;
    auto* const next = properties.pNext;
    properties = {};
    properties.stype = stype;
    properties.pNext = next;
}

/// The checks that every query of one struct starts with; `write` gets the struct, zeroed.
template <typename Properties, typename Write>
ze_result_t query(ze_device_handle_t device, Properties* properties, Write write) {
    if (!is_device(device)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    if (properties == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    clear(*properties);
    write(*properties);
    return ZE_RESULT_SUCCESS;
}

}  // namespace

ze_device_handle_t device_handle() {
    return reinterpret_cast<ze_device_handle_t>(&the_device);
}

ze_result_t check_devices(uint32_t count, const ze_device_handle_t* devices) {
    if (devices == nullptr) {
        return count == 0 ? ZE_RESULT_SUCCESS : ZE_RESULT_ERROR_INVALID_SIZE;
    }
    return std::all_of(devices, devices + count, is_device) ? ZE_RESULT_SUCCESS
                                                            : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
}

uint32_t queue_count() {
    return std::max(1U, std::thread::hardware_concurrency());
}

std::size_t page_size_bytes() {
    static const std::size_t size_bytes = system_figure(_SC_PAGESIZE);
    return size_bytes;
}

std::size_t memory_size_bytes() {
    static const std::size_t size_bytes = system_figure(_SC_PHYS_PAGES) * page_size_bytes();
    return size_bytes;
}

uint64_t timestamp_ns() {
    timespec now = {};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(now.tv_nsec);
}

namespace entry {

ze_result_t device_get(ze_driver_handle_t driver, uint32_t* count, ze_device_handle_t* devices) {
    if (!is_driver(driver)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    const ze_device_handle_t all[] = {device_handle()};
    return list<ze_device_handle_t>(all, count, devices,
                                    [](ze_device_handle_t& out, auto handle) { out = handle; });
}

ze_result_t device_get_sub_devices(ze_device_handle_t device, uint32_t* count,
                                   ze_device_handle_t* sub_devices) {
    if (!is_device(device)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    return list<ze_device_handle_t>({}, count, sub_devices,
                                    [](ze_device_handle_t& out, auto handle) { out = handle; });
}

ze_result_t device_get_properties(ze_device_handle_t device, ze_device_properties_t* properties) {
    return query(device, properties, [](ze_device_properties_t& out) {
        constexpr uint64_t kNsPerTick = 1;
        constexpr uint64_t kTicksPerSecond = 1'000'000'000;
        out.type = ZE_DEVICE_TYPE_GPU;
        out.flags = ZE_DEVICE_PROPERTY_FLAG_INTEGRATED | ZE_DEVICE_PROPERTY_FLAG_ONDEMANDPAGING;
        out.maxMemAllocSize = memory_size_bytes();
        out.maxHardwareContexts = std::numeric_limits<uint32_t>::max();
        out.numThreadsPerEU = 1;
        out.physicalEUSimdWidth = 1;
        out.numEUsPerSubslice = queue_count();
        out.numSubslicesPerSlice = 1;
        out.numSlices = 1;
        out.timerResolution =
            out.stype == ZE_STRUCTURE_TYPE_DEVICE_PROPERTIES_1_2 ? kTicksPerSecond : kNsPerTick;
        out.timestampValidBits = 64;
        out.kernelTimestampValidBits = 64;
        std::copy(kDeviceUuid.begin(), kDeviceUuid.end(), out.uuid.id);
        copy_name(kDeviceName, out.name);
    });
}

ze_result_t device_get_compute_properties(ze_device_handle_t device,
                                          ze_device_compute_properties_t* properties) {
    return query(device, properties, [](ze_device_compute_properties_t& out) {
        constexpr uint32_t kAnyCount = std::numeric_limits<uint32_t>::max();
        out.maxTotalGroupSize = MRDA_SOFT_MAX_GROUP_SIZE;
        out.maxGroupSizeX = MRDA_SOFT_MAX_GROUP_SIZE;
        out.maxGroupSizeY = MRDA_SOFT_MAX_GROUP_SIZE;
        out.maxGroupSizeZ = MRDA_SOFT_MAX_GROUP_SIZE;
        out.maxGroupCountX = kAnyCount;
        out.maxGroupCountY = kAnyCount;
        out.maxGroupCountZ = kAnyCount;
        out.numSubGroupSizes = 1;
        out.subGroupSizes[0] = 1;
    });
}

ze_result_t device_get_module_properties(ze_device_handle_t device,
                                         ze_device_module_properties_t* properties) {
    return query(device, properties, [](ze_device_module_properties_t& out) {
        // What x86-64 and its C library do.
        constexpr ze_device_fp_flags_t kIeee754 =
            ZE_DEVICE_FP_FLAG_DENORM | ZE_DEVICE_FP_FLAG_INF_NAN |
            ZE_DEVICE_FP_FLAG_ROUND_TO_NEAREST | ZE_DEVICE_FP_FLAG_ROUND_TO_ZERO |
            ZE_DEVICE_FP_FLAG_ROUND_TO_INF | ZE_DEVICE_FP_FLAG_FMA |
            ZE_DEVICE_FP_FLAG_ROUNDED_DIVIDE_SQRT;
        out.flags = ZE_DEVICE_MODULE_FLAG_FP64 | ZE_DEVICE_MODULE_FLAG_INT64_ATOMICS;
        out.fp32flags = kIeee754;
        out.fp64flags = kIeee754;
        out.maxArgumentsSize = MRDA_SOFT_MAX_ARGUMENTS_BYTES;
        std::copy(kModuleUuid.begin(), kModuleUuid.end(), out.nativeKernelSupported.id);
    });
}

ze_result_t device_get_image_properties(ze_device_handle_t device,
                                        ze_device_image_properties_t* properties) {
    return query(device, properties, [](ze_device_image_properties_t&) {});
}

ze_result_t device_get_command_queue_group_properties(
    ze_device_handle_t device, uint32_t* count, ze_command_queue_group_properties_t* properties) {
    if (!is_device(device)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    constexpr uint32_t kGroups[kQueueGroupCount] = {kQueueGroupOrdinal};
    return list<uint32_t>(kGroups, count, properties,
                          [](ze_command_queue_group_properties_t& out, uint32_t) {
                              clear(out);
                              out.flags = ZE_COMMAND_QUEUE_GROUP_PROPERTY_FLAG_COMPUTE |
                                          ZE_COMMAND_QUEUE_GROUP_PROPERTY_FLAG_COPY;
                              out.maxMemoryFillPatternSize = kMaxFillPatternBytes;
                              out.numQueues = queue_count();
                          });
}

ze_result_t device_get_memory_properties(ze_device_handle_t device, uint32_t* count,
                                         ze_device_memory_properties_t* properties) {
    if (!is_device(device)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    const std::size_t memories[] = {memory_size_bytes()};
    return list<std::size_t>(memories, count, properties,
                             [](ze_device_memory_properties_t& out, std::size_t size_bytes) {
                                 clear(out);
                                 out.totalSize = size_bytes;
                                 copy_name(kMemoryName, out.name);
                             });
}

ze_result_t device_get_memory_access_properties(ze_device_handle_t device,
                                                ze_device_memory_access_properties_t* properties) {
    return query(device, properties, [](ze_device_memory_access_properties_t& out) {
        constexpr ze_memory_access_cap_flags_t kAll =
            ZE_MEMORY_ACCESS_CAP_FLAG_RW | ZE_MEMORY_ACCESS_CAP_FLAG_ATOMIC |
            ZE_MEMORY_ACCESS_CAP_FLAG_CONCURRENT | ZE_MEMORY_ACCESS_CAP_FLAG_CONCURRENT_ATOMIC;
        out.hostAllocCapabilities = kAll;
        out.deviceAllocCapabilities = kAll;
        out.sharedSingleDeviceAllocCapabilities = kAll;
    });
}

ze_result_t device_get_cache_properties(ze_device_handle_t device, uint32_t* count,
                                        ze_device_cache_properties_t* properties) {
    if (!is_device(device)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    const std::size_t last_level[] = {system_figure(_SC_LEVEL3_CACHE_SIZE)};
    const std::span<const std::size_t> known(last_level, last_level[0] != 0 ? 1 : 0);
    return list(known, count, properties,
                [](ze_device_cache_properties_t& out, std::size_t size_bytes) {
                    clear(out);
                    out.cacheSize = size_bytes;
                });
}

ze_result_t device_get_external_memory_properties(
    ze_device_handle_t device, ze_device_external_memory_properties_t* properties) {
    return query(device, properties, [](ze_device_external_memory_properties_t& out) {
        out.memoryAllocationImportTypes = kExternalMemoryTypes;
        out.memoryAllocationExportTypes = kExternalMemoryTypes;
    });
}

ze_result_t device_get_p2p_properties(ze_device_handle_t device, ze_device_handle_t peer,
                                      ze_device_p2p_properties_t* properties) {
    if (!is_device(peer)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    return query(device, properties, [](ze_device_p2p_properties_t& out) {
        out.flags = ZE_DEVICE_P2P_PROPERTY_FLAG_ACCESS | ZE_DEVICE_P2P_PROPERTY_FLAG_ATOMICS;
    });
}

ze_result_t device_can_access_peer(ze_device_handle_t device, ze_device_handle_t peer,
                                   ze_bool_t* value) {
    if (!is_device(device) || !is_device(peer)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    if (value == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    *value = 1;
    return ZE_RESULT_SUCCESS;
}

ze_result_t device_get_status(ze_device_handle_t device) {
    return is_device(device) ? ZE_RESULT_SUCCESS : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
}

ze_result_t device_get_global_timestamps(ze_device_handle_t device, uint64_t* host,
                                         uint64_t* on_device) {
    if (!is_device(device)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    if (host == nullptr || on_device == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    *host = *on_device = timestamp_ns();
    return ZE_RESULT_SUCCESS;
}

// Not left null: with several drivers the loader would answer UNINITIALIZED, and a caller that
// joins devices by PCI address must be able to tell "has none" from "is broken".
ze_result_t device_pci_get_properties(ze_device_handle_t device,
                                      ze_pci_ext_properties_t* properties) {
    if (!is_device(device)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    return properties == nullptr ? ZE_RESULT_ERROR_INVALID_NULL_POINTER
                                 : ZE_RESULT_ERROR_UNSUPPORTED_FEATURE;
}

}  // namespace entry

}  // namespace mrda::ze_soft
