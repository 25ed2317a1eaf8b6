// SPDX-License-Identifier: MIT
#include "ze_fixture.h"

namespace mrda::ze_soft_test {

class SoftFence : public SoftDevice {
  protected:
    static ze_fence_handle_t new_fence(ze_command_queue_handle_t queue, ze_fence_flags_t flags) {
        const ze_fence_desc_t desc = {ZE_STRUCTURE_TYPE_FENCE_DESC, nullptr, flags};
        ze_fence_handle_t fence = nullptr;
        EXPECT_EQ(zeFenceCreate(queue, &desc, &fence), ZE_RESULT_SUCCESS);
        return fence;
    }
};

TEST_F(SoftFence, is_set_when_its_lists_are_done_and_not_before) {
    const auto queue = new_queue();
    const auto fence = new_fence(queue, 0);
    const auto pool = new_pool(1);
    auto go = new_event(pool, 0);
    auto list = new_list();
    ASSERT_EQ(zeCommandListAppendWaitOnEvents(list, 1, &go), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListClose(list), ZE_RESULT_SUCCESS);
    for (int round = 0; round < 2; ++round) {
        ASSERT_EQ(zeCommandQueueExecuteCommandLists(queue, 1, &list, fence), ZE_RESULT_SUCCESS);
        EXPECT_EQ(zeFenceQueryStatus(fence), ZE_RESULT_NOT_READY);
        EXPECT_EQ(zeFenceHostSynchronize(fence, kMillisecondNs), ZE_RESULT_NOT_READY);
        ASSERT_EQ(zeEventHostSignal(go), ZE_RESULT_SUCCESS);
        EXPECT_EQ(zeFenceHostSynchronize(fence, kForever), ZE_RESULT_SUCCESS);
        EXPECT_EQ(zeFenceQueryStatus(fence), ZE_RESULT_SUCCESS);
        EXPECT_EQ(zeCommandQueueSynchronize(queue, 0), ZE_RESULT_SUCCESS);
        EXPECT_EQ(zeFenceReset(fence), ZE_RESULT_SUCCESS);
        EXPECT_EQ(zeFenceQueryStatus(fence), ZE_RESULT_NOT_READY);
        ASSERT_EQ(zeEventHostReset(go), ZE_RESULT_SUCCESS);
    }
    EXPECT_EQ(zeFenceDestroy(fence), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventDestroy(go), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftFence, may_be_made_set) {
    const auto queue = new_queue();
    const auto fence = new_fence(queue, ZE_FENCE_FLAG_SIGNALED);
    EXPECT_EQ(zeFenceQueryStatus(fence), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeFenceDestroy(fence), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
}

TEST_F(SoftFence, destroyed_or_of_bad_arguments_is_refused) {
    const auto queue = new_queue();
    const auto fence = new_fence(queue, 0);
    ASSERT_EQ(zeFenceDestroy(fence), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeFenceQueryStatus(fence), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeFenceReset(fence), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeFenceDestroy(fence), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    auto list = new_list();
    ASSERT_EQ(zeCommandListClose(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueExecuteCommandLists(queue, 1, &list, fence),
              ZE_RESULT_ERROR_INVALID_SYNCHRONIZATION_OBJECT);
    ze_fence_handle_t another = nullptr;
    EXPECT_EQ(zeFenceCreate(queue, nullptr, &another), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    const ze_fence_desc_t desc = {ZE_STRUCTURE_TYPE_FENCE_DESC, nullptr, 0x80};
    EXPECT_EQ(zeFenceCreate(queue, &desc, &another), ZE_RESULT_ERROR_INVALID_ENUMERATION);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
}

}  // namespace mrda::ze_soft_test
