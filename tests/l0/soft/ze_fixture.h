// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <level_zero/ze_api.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mrda::ze_soft_test {

/// The software driver's device behind the real loader, and a context on it. Tests whose name says
/// "refused" hand over what only the driver itself can refuse; the loader's own layers are tested
/// with the rest (see loader_test.cpp).
class SoftDevice : public testing::Test {
  protected:
    void SetUp() override;
    void TearDown() override;

    ze_command_queue_handle_t new_queue(
        ze_command_queue_mode_t mode = ZE_COMMAND_QUEUE_MODE_ASYNCHRONOUS);
    ze_command_list_handle_t new_list();
    ze_command_list_handle_t new_immediate_list(ze_command_queue_mode_t mode);
    ze_event_pool_handle_t new_pool(uint32_t count,
                                    ze_event_pool_flags_t flags = ZE_EVENT_POOL_FLAG_HOST_VISIBLE);
    ze_event_handle_t new_event(ze_event_pool_handle_t pool, uint32_t index);
    std::byte* allocate_device(std::size_t size_bytes, std::size_t alignment = 0,
                               const void* next = nullptr);
    /// Closes the list and runs it to its end on the queue.
    void run(ze_command_queue_handle_t queue, ze_command_list_handle_t list);

    ze_driver_handle_t driver_ = nullptr;
    ze_device_handle_t device_ = nullptr;
    ze_context_handle_t context_ = nullptr;
};

inline constexpr uint64_t kForever = UINT64_MAX;
inline constexpr uint64_t kMillisecondNs = 1'000'000;

/// How many descriptors this process has open.
std::size_t open_descriptors();

}  // namespace mrda::ze_soft_test
