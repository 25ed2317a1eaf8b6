// SPDX-License-Identifier: MIT
#include "ze_fixture.h"

#include <filesystem>
#include <iterator>

namespace mrda::ze_soft_test {

void SoftDevice::SetUp() {
    ASSERT_EQ(zeInit(ZE_INIT_FLAG_GPU_ONLY), ZE_RESULT_SUCCESS);
    uint32_t count = 1;
    ASSERT_EQ(zeDriverGet(&count, &driver_), ZE_RESULT_SUCCESS);
    ASSERT_EQ(count, 1U);
    ASSERT_EQ(zeDeviceGet(driver_, &count, &device_), ZE_RESULT_SUCCESS);
    const ze_context_desc_t desc = {ZE_STRUCTURE_TYPE_CONTEXT_DESC, nullptr, 0};
    ASSERT_EQ(zeContextCreate(driver_, &desc, &context_), ZE_RESULT_SUCCESS);
}

// A context is refused to go while anything of it lives: so this also proves that a test cleans up.
void SoftDevice::TearDown() {
    if (context_ != nullptr) {
        EXPECT_EQ(zeContextDestroy(context_), ZE_RESULT_SUCCESS);
    }
}

ze_command_queue_handle_t SoftDevice::new_queue(ze_command_queue_mode_t mode) {
    ze_command_queue_desc_t desc = {};
    desc.stype = ZE_STRUCTURE_TYPE_COMMAND_QUEUE_DESC;
    desc.mode = mode;
    ze_command_queue_handle_t queue = nullptr;
    EXPECT_EQ(zeCommandQueueCreate(context_, device_, &desc, &queue), ZE_RESULT_SUCCESS);
    return queue;
}

ze_command_list_handle_t SoftDevice::new_list() {
    ze_command_list_desc_t desc = {};
    desc.stype = ZE_STRUCTURE_TYPE_COMMAND_LIST_DESC;
    ze_command_list_handle_t list = nullptr;
    EXPECT_EQ(zeCommandListCreate(context_, device_, &desc, &list), ZE_RESULT_SUCCESS);
    return list;
}

ze_command_list_handle_t SoftDevice::new_immediate_list(ze_command_queue_mode_t mode) {
    ze_command_queue_desc_t desc = {};
    desc.stype = ZE_STRUCTURE_TYPE_COMMAND_QUEUE_DESC;
    desc.mode = mode;
    ze_command_list_handle_t list = nullptr;
    EXPECT_EQ(zeCommandListCreateImmediate(context_, device_, &desc, &list), ZE_RESULT_SUCCESS);
    return list;
}

ze_event_pool_handle_t SoftDevice::new_pool(uint32_t count, ze_event_pool_flags_t flags) {
    const ze_event_pool_desc_t desc = {ZE_STRUCTURE_TYPE_EVENT_POOL_DESC, nullptr, flags, count};
    ze_event_pool_handle_t pool = nullptr;
    EXPECT_EQ(zeEventPoolCreate(context_, &desc, 0, nullptr, &pool), ZE_RESULT_SUCCESS);
    return pool;
}

ze_event_handle_t SoftDevice::new_event(ze_event_pool_handle_t pool, uint32_t index) {
    const ze_event_desc_t desc = {ZE_STRUCTURE_TYPE_EVENT_DESC, nullptr, index,
                                  ZE_EVENT_SCOPE_FLAG_HOST, ZE_EVENT_SCOPE_FLAG_HOST};
    ze_event_handle_t event = nullptr;
    EXPECT_EQ(zeEventCreate(pool, &desc, &event), ZE_RESULT_SUCCESS);
    return event;
}

std::byte* SoftDevice::allocate_device(std::size_t size_bytes, std::size_t alignment,
                                       const void* next) {
    const ze_device_mem_alloc_desc_t desc = {ZE_STRUCTURE_TYPE_DEVICE_MEM_ALLOC_DESC, next, 0, 0};
    void* pointer = nullptr;
    EXPECT_EQ(zeMemAllocDevice(context_, &desc, size_bytes, alignment, device_, &pointer),
              ZE_RESULT_SUCCESS);
    return static_cast<std::byte*>(pointer);
}

void SoftDevice::run(ze_command_queue_handle_t queue, ze_command_list_handle_t list) {
    EXPECT_EQ(zeCommandListClose(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueExecuteCommandLists(queue, 1, &list, nullptr), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueSynchronize(queue, kForever), ZE_RESULT_SUCCESS);
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator descriptors("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
}

}  // namespace mrda::ze_soft_test
