// SPDX-License-Identifier: MIT
#include "ze_fixture.h"

namespace mrda::ze_soft_test {

using SoftCommandList = SoftDevice;

TEST_F(SoftCommandList, does_nothing_before_it_is_executed_and_again_each_time_it_is) {
    const auto queue = new_queue();
    const auto list = new_list();
    int source = 1;
    int destination = 0;
    ASSERT_EQ(zeCommandListAppendMemoryCopy(list, &destination, &source, sizeof source, nullptr, 0,
                                            nullptr),
              ZE_RESULT_SUCCESS);
    EXPECT_EQ(destination, 0);
    run(queue, list);
    EXPECT_EQ(destination, 1);
    source = 2;
    run(queue, list);
    EXPECT_EQ(destination, 2);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
}

TEST_F(SoftCommandList, is_empty_after_reset) {
    const auto queue = new_queue();
    const auto list = new_list();
    int source = 1;
    int destination = 0;
    ASSERT_EQ(zeCommandListAppendMemoryCopy(list, &destination, &source, sizeof source, nullptr, 0,
                                            nullptr),
              ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListClose(list), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListReset(list), ZE_RESULT_SUCCESS);
    run(queue, list);
    EXPECT_EQ(destination, 0);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
}

TEST_F(SoftCommandList, immediate_and_synchronous_has_run_each_command_when_append_returns) {
    const auto list = new_immediate_list(ZE_COMMAND_QUEUE_MODE_SYNCHRONOUS);
    for (int i = 1; i <= 100; ++i) {
        int destination = 0;
        ASSERT_EQ(
            zeCommandListAppendMemoryCopy(list, &destination, &i, sizeof i, nullptr, 0, nullptr),
            ZE_RESULT_SUCCESS);
        ASSERT_EQ(destination, i);
    }
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
}

TEST_F(SoftCommandList, immediate_and_asynchronous_returns_before_its_commands_run) {
    const auto list = new_immediate_list(ZE_COMMAND_QUEUE_MODE_ASYNCHRONOUS);
    const auto pool = new_pool(2);
    auto go = new_event(pool, 0);
    const auto done = new_event(pool, 1);
    int source = 5;
    int destination = 0;
    ASSERT_EQ(
        zeCommandListAppendMemoryCopy(list, &destination, &source, sizeof source, done, 1, &go),
        ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventQueryStatus(done), ZE_RESULT_NOT_READY);
    ASSERT_EQ(zeEventHostSignal(go), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeEventHostSynchronize(done, kForever), ZE_RESULT_SUCCESS);
    EXPECT_EQ(destination, 5);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventDestroy(go), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventDestroy(done), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftCommandList, destroyed_while_it_runs_still_runs_to_its_end) {
    const auto queue = new_queue();
    const auto list = new_list();
    const auto pool = new_pool(1);
    auto go = new_event(pool, 0);
    int source = 3;
    int destination = 0;
    ASSERT_EQ(zeCommandListAppendWaitOnEvents(list, 1, &go), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListAppendMemoryCopy(list, &destination, &source, sizeof source, nullptr, 0,
                                            nullptr),
              ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListClose(list), ZE_RESULT_SUCCESS);
    auto executed = list;
    ASSERT_EQ(zeCommandQueueExecuteCommandLists(queue, 1, &executed, nullptr), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeEventHostSignal(go), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandQueueSynchronize(queue, kForever), ZE_RESULT_SUCCESS);
    EXPECT_EQ(destination, 3);
    EXPECT_EQ(zeEventDestroy(go), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
}

TEST_F(SoftCommandList, closed_is_refused_further_commands) {
    const auto list = new_list();
    ASSERT_EQ(zeCommandListClose(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandListAppendBarrier(list, nullptr, 0, nullptr),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
}

TEST_F(SoftCommandList, destroyed_twice_is_refused) {
    const auto list = new_list();
    ASSERT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeCommandListClose(list), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeCommandListReset(list), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeCommandListAppendBarrier(list, nullptr, 0, nullptr),
              ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
}

TEST_F(SoftCommandList, of_bad_arguments_is_refused) {
    ze_command_list_handle_t list = nullptr;
    ze_command_list_desc_t desc = {};
    desc.stype = ZE_STRUCTURE_TYPE_COMMAND_LIST_DESC;
    EXPECT_EQ(zeCommandListCreate(context_, device_, nullptr, &list),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeCommandListCreate(context_, nullptr, &desc, &list),
              ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    desc.commandQueueGroupOrdinal = 1;
    EXPECT_EQ(zeCommandListCreate(context_, device_, &desc, &list),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    desc.commandQueueGroupOrdinal = 0;
    desc.flags = 0x80;
    EXPECT_EQ(zeCommandListCreate(context_, device_, &desc, &list),
              ZE_RESULT_ERROR_INVALID_ENUMERATION);
    EXPECT_EQ(list, nullptr);
}

}  // namespace mrda::ze_soft_test
