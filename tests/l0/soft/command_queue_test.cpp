// SPDX-License-Identifier: MIT
#include <array>
#include <thread>
#include <vector>

#include "ze_fixture.h"

namespace mrda::ze_soft_test {

using SoftQueue = SoftDevice;

TEST_F(SoftQueue, runs_several_lists_in_the_order_given) {
    const auto queue = new_queue();
    std::array<ze_command_list_handle_t, 3> lists = {new_list(), new_list(), new_list()};
    std::array<int, 4> chain = {1, 0, 0, 0};
    for (std::size_t i = 0; i < lists.size(); ++i) {
        ASSERT_EQ(zeCommandListAppendMemoryCopy(lists[i], &chain[i + 1], &chain[i], sizeof(int),
                                                nullptr, 0, nullptr),
                  ZE_RESULT_SUCCESS);
        ASSERT_EQ(zeCommandListClose(lists[i]), ZE_RESULT_SUCCESS);
    }
    ASSERT_EQ(zeCommandQueueExecuteCommandLists(queue, lists.size(), lists.data(), nullptr),
              ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandQueueSynchronize(queue, kForever), ZE_RESULT_SUCCESS);
    EXPECT_EQ(chain[3], 1);
    for (const auto list : lists) {
        EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    }
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
}

TEST_F(SoftQueue, that_waits_for_the_host_says_not_ready_and_holds_up_no_other) {
    const auto waiting = new_queue();
    const auto free = new_queue();
    const auto pool = new_pool(1);
    auto go = new_event(pool, 0);
    auto blocked = new_list();
    const auto other = new_list();
    int source = 4;
    int destination = 0;
    ASSERT_EQ(zeCommandListAppendWaitOnEvents(blocked, 1, &go), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListClose(blocked), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandQueueExecuteCommandLists(waiting, 1, &blocked, nullptr), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListAppendMemoryCopy(other, &destination, &source, sizeof source, nullptr, 0,
                                            nullptr),
              ZE_RESULT_SUCCESS);
    run(free, other);
    EXPECT_EQ(destination, 4);
    EXPECT_EQ(zeCommandQueueSynchronize(waiting, 0), ZE_RESULT_NOT_READY);
    EXPECT_EQ(zeCommandQueueSynchronize(waiting, kMillisecondNs), ZE_RESULT_NOT_READY);
    ASSERT_EQ(zeEventHostSignal(go), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueSynchronize(waiting, kForever - 1), ZE_RESULT_SUCCESS);
    for (const auto list : {blocked, other}) {
        EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    }
    for (const auto queue : {waiting, free}) {
        EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
    }
    EXPECT_EQ(zeEventDestroy(go), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftQueue, that_is_synchronous_has_run_when_execute_returns) {
    const auto queue = new_queue(ZE_COMMAND_QUEUE_MODE_SYNCHRONOUS);
    auto list = new_list();
    int source = 8;
    int destination = 0;
    ASSERT_EQ(zeCommandListAppendMemoryCopy(list, &destination, &source, sizeof source, nullptr, 0,
                                            nullptr),
              ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListClose(list), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandQueueExecuteCommandLists(queue, 1, &list, nullptr), ZE_RESULT_SUCCESS);
    EXPECT_EQ(destination, 8);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
}

TEST_F(SoftQueue, destroyed_runs_what_it_can_and_drops_what_nobody_will_ever_signal) {
    const auto queue = new_queue();
    const auto pool = new_pool(1);
    auto never = new_event(pool, 0);
    auto list = new_list();
    int source = 6;
    std::array<int, 2> destination = {};
    ASSERT_EQ(zeCommandListAppendMemoryCopy(list, &destination[0], &source, sizeof source, nullptr,
                                            0, nullptr),
              ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListAppendMemoryCopy(list, &destination[1], &source, sizeof source, nullptr,
                                            1, &never),
              ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListClose(list), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandQueueExecuteCommandLists(queue, 1, &list, nullptr), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
    EXPECT_EQ(destination[0], 6);
    EXPECT_EQ(destination[1], 0);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventDestroy(never), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftQueue, is_fed_and_waited_for_by_many_threads_at_once) {
    constexpr std::size_t kThreads = 4;
    constexpr int kRounds = 100;
    const auto queue = new_queue();
    std::array<uint64_t, kThreads> sums = {};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int round = 0; round < kRounds; ++round) {
                auto list = new_list();
                std::byte* const usm = allocate_device(64);
                const auto value = static_cast<uint64_t>(round);
                uint64_t back = 0;
                EXPECT_EQ(zeCommandListAppendMemoryCopy(list, usm, &value, 8, nullptr, 0, nullptr),
                          ZE_RESULT_SUCCESS);
                EXPECT_EQ(zeCommandListAppendMemoryCopy(list, &back, usm, 8, nullptr, 0, nullptr),
                          ZE_RESULT_SUCCESS);
                run(queue, list);
                sums[t] += back;
                EXPECT_EQ(zeMemFree(context_, usm), ZE_RESULT_SUCCESS);
                EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    for (const uint64_t sum : sums) {
        EXPECT_EQ(sum, static_cast<uint64_t>(kRounds * (kRounds - 1) / 2));
    }
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
}

TEST_F(SoftQueue, open_immediate_and_missing_lists_are_refused) {
    const auto queue = new_queue();
    auto open = new_list();
    auto immediate = new_immediate_list(ZE_COMMAND_QUEUE_MODE_DEFAULT);
    EXPECT_EQ(zeCommandQueueExecuteCommandLists(queue, 1, &open, nullptr),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(zeCommandQueueExecuteCommandLists(queue, 1, &immediate, nullptr),
              ZE_RESULT_ERROR_INVALID_COMMAND_LIST_TYPE);
    EXPECT_EQ(zeCommandQueueExecuteCommandLists(queue, 0, &open, nullptr),
              ZE_RESULT_ERROR_INVALID_SIZE);
    EXPECT_EQ(zeCommandQueueExecuteCommandLists(queue, 1, nullptr, nullptr),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeCommandListDestroy(open), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandListDestroy(immediate), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueExecuteCommandLists(queue, 1, &open, nullptr),
              ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueSynchronize(queue, 0), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
}

TEST_F(SoftQueue, of_an_ordinal_index_or_mode_that_is_not_there_is_refused) {
    ze_command_queue_handle_t queue = nullptr;
    ze_command_queue_desc_t desc = {};
    desc.stype = ZE_STRUCTURE_TYPE_COMMAND_QUEUE_DESC;
    desc.ordinal = 1;
    EXPECT_EQ(zeCommandQueueCreate(context_, device_, &desc, &queue),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    desc.ordinal = 0;
    desc.index = 1'000'000;
    EXPECT_EQ(zeCommandQueueCreate(context_, device_, &desc, &queue),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    desc.index = 0;
    desc.flags = 0x80;
    EXPECT_EQ(zeCommandQueueCreate(context_, device_, &desc, &queue),
              ZE_RESULT_ERROR_INVALID_ENUMERATION);
    EXPECT_EQ(queue, nullptr);
}

}  // namespace mrda::ze_soft_test
