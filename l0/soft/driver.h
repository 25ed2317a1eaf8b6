// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <cstdint>

namespace mrda::ze_soft {

// There is one driver with one device, both as old as the library: their handles are constants.
ze_driver_handle_t driver_handle();
ze_device_handle_t device_handle();

inline bool is_driver(ze_driver_handle_t handle) {
    return handle == driver_handle();
}
inline bool is_device(ze_device_handle_t handle) {
    return handle == device_handle();
}

/// Whether all `count` devices are ours; or the API's code for what is wrong with the list.
ze_result_t check_devices(uint32_t count, const ze_device_handle_t* devices);

/// What the device reports and the rest of the driver enforces.
inline constexpr uint32_t kQueueGroupOrdinal = 0;
inline constexpr uint32_t kQueueGroupCount = 1;
inline constexpr std::size_t kMaxFillPatternBytes = 4096;
inline constexpr ze_external_memory_type_flags_t kExternalMemoryTypes =
    ZE_EXTERNAL_MEMORY_TYPE_FLAG_DMA_BUF | ZE_EXTERNAL_MEMORY_TYPE_FLAG_OPAQUE_FD;
uint32_t queue_count();
std::size_t memory_size_bytes();
std::size_t page_size_bytes();

/// The device's clock, which is the host's CLOCK_MONOTONIC: one tick is one nanosecond.
uint64_t timestamp_ns();

}  // namespace mrda::ze_soft
