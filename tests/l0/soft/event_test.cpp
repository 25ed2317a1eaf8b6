// SPDX-License-Identifier: MIT
#include "ze_fixture.h"

namespace mrda::ze_soft_test {

using SoftEvent = SoftDevice;

TEST_F(SoftEvent, is_signalled_waited_for_and_reset_by_the_host) {
    const auto pool = new_pool(1);
    const auto event = new_event(pool, 0);
    EXPECT_EQ(zeEventQueryStatus(event), ZE_RESULT_NOT_READY);
    EXPECT_EQ(zeEventHostSynchronize(event, kMillisecondNs), ZE_RESULT_NOT_READY);
    EXPECT_EQ(zeEventHostSignal(event), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventHostSynchronize(event, 0), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventQueryStatus(event), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventHostReset(event), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventQueryStatus(event), ZE_RESULT_NOT_READY);
    EXPECT_EQ(zeEventDestroy(event), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftEvent, is_signalled_and_reset_by_commands_in_their_order) {
    const auto list = new_immediate_list(ZE_COMMAND_QUEUE_MODE_SYNCHRONOUS);
    const auto pool = new_pool(1);
    const auto event = new_event(pool, 0);
    ASSERT_EQ(zeCommandListAppendSignalEvent(list, event), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventQueryStatus(event), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListAppendEventReset(list, event), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventQueryStatus(event), ZE_RESULT_NOT_READY);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventDestroy(event), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftEvent, carries_work_from_one_queue_to_another) {
    const auto first = new_immediate_list(ZE_COMMAND_QUEUE_MODE_ASYNCHRONOUS);
    const auto second = new_immediate_list(ZE_COMMAND_QUEUE_MODE_ASYNCHRONOUS);
    const auto pool = new_pool(2);
    auto between = new_event(pool, 0);
    const auto done = new_event(pool, 1);
    int source = 11;
    int middle = 0;
    int destination = 0;
    ASSERT_EQ(zeCommandListAppendMemoryCopy(second, &destination, &middle, sizeof middle, done, 1,
                                            &between),
              ZE_RESULT_SUCCESS);
    ASSERT_EQ(
        zeCommandListAppendMemoryCopy(first, &middle, &source, sizeof source, between, 0, nullptr),
        ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeEventHostSynchronize(done, kForever), ZE_RESULT_SUCCESS);
    EXPECT_EQ(destination, 11);
    for (const auto list : {first, second}) {
        EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    }
    for (const auto event : {between, done}) {
        EXPECT_EQ(zeEventDestroy(event), ZE_RESULT_SUCCESS);
    }
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftEvent, tells_when_its_command_ran) {
    const auto list = new_immediate_list(ZE_COMMAND_QUEUE_MODE_SYNCHRONOUS);
    const auto pool = new_pool(1, ZE_EVENT_POOL_FLAG_KERNEL_TIMESTAMP);
    const auto event = new_event(pool, 0);
    ze_kernel_timestamp_result_t ran = {};
    EXPECT_EQ(zeEventQueryKernelTimestamp(event, &ran), ZE_RESULT_NOT_READY);
    uint64_t host = 0;
    uint64_t before = 0;
    uint64_t after = 0;
    std::byte* const usm = allocate_device(1 << 20);
    const std::byte value{1};
    ASSERT_EQ(zeDeviceGetGlobalTimestamps(device_, &host, &before), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListAppendMemoryFill(list, usm, &value, 1, 1 << 20, event, 0, nullptr),
              ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeDeviceGetGlobalTimestamps(device_, &host, &after), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeEventQueryKernelTimestamp(event, &ran), ZE_RESULT_SUCCESS);
    EXPECT_GE(ran.global.kernelStart, before);
    EXPECT_GT(ran.global.kernelEnd, ran.global.kernelStart);
    EXPECT_LE(ran.global.kernelEnd, after);
    EXPECT_EQ(zeMemFree(context_, usm), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventDestroy(event), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftEvent, frees_its_place_in_the_pool) {
    const auto pool = new_pool(1);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(zeEventDestroy(new_event(pool, 0)), ZE_RESULT_SUCCESS);
    }
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftEvent, at_a_taken_or_missing_place_is_refused) {
    const auto pool = new_pool(1);
    const auto event = new_event(pool, 0);
    ze_event_handle_t another = nullptr;
    ze_event_desc_t desc = {ZE_STRUCTURE_TYPE_EVENT_DESC, nullptr, 0, 0, 0};
    EXPECT_EQ(zeEventCreate(pool, &desc, &another), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    desc.index = 1;
    EXPECT_EQ(zeEventCreate(pool, &desc, &another), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    desc.signal = 0x80;
    EXPECT_EQ(zeEventCreate(pool, &desc, &another), ZE_RESULT_ERROR_INVALID_ENUMERATION);
    EXPECT_EQ(zeEventDestroy(event), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftEvent, destroyed_is_refused_everywhere) {
    const auto pool = new_pool(1);
    auto event = new_event(pool, 0);
    const auto list = new_list();
    ASSERT_EQ(zeEventDestroy(event), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventHostSignal(event), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeEventQueryStatus(event), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeEventDestroy(event), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeCommandListAppendSignalEvent(list, event),
              ZE_RESULT_ERROR_INVALID_SYNCHRONIZATION_OBJECT);
    EXPECT_EQ(zeCommandListAppendWaitOnEvents(list, 1, &event),
              ZE_RESULT_ERROR_INVALID_SYNCHRONIZATION_OBJECT);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftEvent, pools_of_no_events_or_between_processes_are_refused) {
    ze_event_pool_handle_t pool = nullptr;
    ze_event_pool_desc_t desc = {ZE_STRUCTURE_TYPE_EVENT_POOL_DESC, nullptr, 0, 0};
    EXPECT_EQ(zeEventPoolCreate(context_, &desc, 0, nullptr, &pool), ZE_RESULT_ERROR_INVALID_SIZE);
    desc = {ZE_STRUCTURE_TYPE_EVENT_POOL_DESC, nullptr, ZE_EVENT_POOL_FLAG_IPC, 1};
    EXPECT_EQ(zeEventPoolCreate(context_, &desc, 0, nullptr, &pool),
              ZE_RESULT_ERROR_UNSUPPORTED_FEATURE);
    EXPECT_EQ(pool, nullptr);
}

TEST_F(SoftEvent, without_timestamps_is_refused_the_question) {
    const auto pool = new_pool(1);
    const auto event = new_event(pool, 0);
    ze_kernel_timestamp_result_t ran = {};
    EXPECT_EQ(zeEventQueryKernelTimestamp(event, &ran), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(zeEventDestroy(event), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

}  // namespace mrda::ze_soft_test
