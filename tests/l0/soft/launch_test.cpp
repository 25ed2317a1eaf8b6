// SPDX-License-Identifier: MIT
#include <array>
#include <cstring>
#include <numeric>

#include "kernel_fixture.h"

namespace mrda::ze_soft_test {

namespace {

constexpr uint32_t kWords = 1000;
constexpr ze_group_count_t kOneGroup = {1, 1, 1};

/// What "locate" writes for a group.
struct Place {
    std::array<uint32_t, 3> id;
    std::array<uint32_t, 3> count;
    std::array<uint32_t, 3> size;
};

}  // namespace

using SoftLaunches = SoftKernels;

TEST_F(SoftLaunches, run_a_kernel_on_device_memory) {
    uint32_t* const a = allocate_words(kWords);
    uint32_t* const b = allocate_words(kWords);
    uint32_t* const sums = allocate_words(kWords);
    std::iota(a, a + kWords, 5U);
    std::fill(b, b + kWords, 1000U);
    const auto kernel = new_kernel(module_, "add");
    for (const auto& [index, pointer] : {std::pair{0U, a}, {1U, b}, {2U, sums}}) {
        ASSERT_EQ(set(kernel, index, pointer), ZE_RESULT_SUCCESS);
    }
    ASSERT_EQ(set(kernel, 3, kWords - 1), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeKernelSetGroupSize(kernel, 64, 1, 1), ZE_RESULT_SUCCESS);
    ASSERT_EQ(launch(kernel, {16, 1, 1}), ZE_RESULT_SUCCESS);
    for (uint32_t i = 0; i + 1 < kWords; ++i) {
        ASSERT_EQ(sums[i], i + 1005);
    }
    EXPECT_EQ(sums[kWords - 1], 0U);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
    for (uint32_t* const words : {a, b, sums}) {
        EXPECT_EQ(zeMemFree(context_, words), ZE_RESULT_SUCCESS);
    }
}

TEST_F(SoftLaunches, call_the_kernel_once_for_each_group) {
    auto* const places = reinterpret_cast<Place*>(allocate_words(24 * 9));
    const auto kernel = new_kernel(module_, "locate");
    ASSERT_EQ(set(kernel, 0, places), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeKernelSetGroupSize(kernel, 8, 4, 2), ZE_RESULT_SUCCESS);
    ASSERT_EQ(launch(kernel, {2, 3, 4}), ZE_RESULT_SUCCESS);
    for (uint32_t i = 0; i < 24; ++i) {
        EXPECT_EQ(places[i].id, (std::array<uint32_t, 3>{i % 2, i / 2 % 3, i / 6}));
        EXPECT_EQ(places[i].count, (std::array<uint32_t, 3>{2, 3, 4}));
        EXPECT_EQ(places[i].size, (std::array<uint32_t, 3>{8, 4, 2}));
    }
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, places), ZE_RESULT_SUCCESS);
}

TEST_F(SoftLaunches, hand_values_of_any_size_over_aligned) {
    std::byte* const out = allocate_device(64);
    std::array<uint8_t, 40> large = {};
    std::iota(large.begin(), large.end(), uint8_t{100});
    const auto kernel = new_kernel(module_, "show");
    ASSERT_EQ(set(kernel, 0, uint8_t{7}), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 1, std::array<uint8_t, 3>{1, 2, 3}), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 2, large), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 3, out), ZE_RESULT_SUCCESS);
    ASSERT_EQ(launch(kernel, kOneGroup), ZE_RESULT_SUCCESS);
    std::vector<uint8_t> expected = {7, 0, 1, 2, 3, 0};
    expected.insert(expected.end(), large.begin(), large.end());
    expected.push_back(0);
    EXPECT_EQ(std::memcmp(out, expected.data(), expected.size()), 0);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, out), ZE_RESULT_SUCCESS);
}

TEST_F(SoftLaunches, keep_what_they_were_appended_with_whatever_becomes_of_the_kernel) {
    uint32_t* const words = allocate_words(2);
    const auto queue = new_queue();
    const auto list = new_list();
    const auto kernel = new_kernel(module_, "step");
    ASSERT_EQ(set(kernel, 0, words), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 1, uint32_t{7}), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 2, words + 1), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListAppendLaunchKernel(list, kernel, &kOneGroup, nullptr, 0, nullptr),
              ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 1, uint32_t{8}), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
    EXPECT_EQ(words[0], 0U) << "nothing runs before the list is executed";
    run(queue, list);
    EXPECT_EQ(words[0], 1U);
    EXPECT_EQ(words[1], 7U);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, words), ZE_RESULT_SUCCESS);
}

TEST_F(SoftLaunches, run_from_a_module_that_has_gone_since) {
    const auto module = new_module();
    const auto kernel = new_kernel(module, "step");
    uint32_t* const words = allocate_words(2);
    ASSERT_EQ(set(kernel, 0, words), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 1, uint32_t{7}), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 2, words + 1), ZE_RESULT_SUCCESS);
    const auto queue = new_queue();
    const auto list = new_list();
    ASSERT_EQ(zeCommandListAppendLaunchKernel(list, kernel, &kOneGroup, nullptr, 0, nullptr),
              ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeModuleDestroy(module), ZE_RESULT_SUCCESS);
    run(queue, list);
    EXPECT_EQ(words[0], 1U);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, words), ZE_RESULT_SUCCESS);
}

TEST_F(SoftLaunches, wait_for_events_and_signal_theirs) {
    const auto pool = new_pool(2);
    auto gate = new_event(pool, 0);
    const auto done = new_event(pool, 1);
    const auto list = new_immediate_list(ZE_COMMAND_QUEUE_MODE_ASYNCHRONOUS);
    uint32_t* const words = allocate_words(2);
    const auto kernel = new_kernel(module_, "step");
    ASSERT_EQ(set(kernel, 0, words), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 1, uint32_t{9}), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 2, words + 1), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListAppendLaunchKernel(list, kernel, &kOneGroup, done, 1, &gate),
              ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventQueryStatus(done), ZE_RESULT_NOT_READY);
    ASSERT_EQ(zeEventHostSignal(gate), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeEventHostSynchronize(done, kForever), ZE_RESULT_SUCCESS);
    EXPECT_EQ(words[1], 9U);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, words), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventDestroy(gate), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventDestroy(done), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftLaunches, indirect_take_the_group_count_when_they_run) {
    uint32_t* const words = allocate_words(5);
    auto* const count = reinterpret_cast<ze_group_count_t*>(words + 2);
    const auto queue = new_queue();
    const auto list = new_list();
    const auto kernel = new_kernel(module_, "step");
    ASSERT_EQ(set(kernel, 0, words), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 1, uint32_t{0}), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 2, words + 1), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListAppendLaunchKernelIndirect(list, kernel, count, nullptr, 0, nullptr),
              ZE_RESULT_SUCCESS);
    *count = {3, 2, 1};
    run(queue, list);
    EXPECT_EQ(words[0], 6U);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, words), ZE_RESULT_SUCCESS);
}

TEST_F(SoftLaunches, of_no_groups_do_nothing) {
    uint32_t* const words = allocate_words(2);
    const auto kernel = new_kernel(module_, "step");
    ASSERT_EQ(set(kernel, 0, words), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 1, uint32_t{0}), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 2, words + 1), ZE_RESULT_SUCCESS);
    ASSERT_EQ(launch(kernel, {5, 0, 5}), ZE_RESULT_SUCCESS);
    EXPECT_EQ(words[0], 0U);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, words), ZE_RESULT_SUCCESS);
}

TEST_F(SoftLaunches, that_fail_lose_the_context_and_every_wait_on_it_says_so) {
    uint32_t* const counter = allocate_words(1);
    const auto pool = new_pool(2);
    const auto first = new_event(pool, 0);
    const auto second = new_event(pool, 1);
    const auto queue = new_queue();
    const auto list = new_list();
    const ze_fence_desc_t fence_desc = {ZE_STRUCTURE_TYPE_FENCE_DESC, nullptr, 0};
    ze_fence_handle_t fence = nullptr;
    ASSERT_EQ(zeFenceCreate(queue, &fence_desc, &fence), ZE_RESULT_SUCCESS);
    const auto kernel = new_kernel(module_, "fault");
    ASSERT_EQ(set(kernel, 0, counter), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 1, uint32_t{2}), ZE_RESULT_SUCCESS);
    const ze_group_count_t groups = {5, 1, 1};
    for (const auto event : {first, second}) {
        ASSERT_EQ(zeCommandListAppendLaunchKernel(list, kernel, &groups, event, 0, nullptr),
                  ZE_RESULT_SUCCESS);
    }
    EXPECT_EQ(zeContextGetStatus(context_), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListClose(list), ZE_RESULT_SUCCESS);
    auto lists = list;
    ASSERT_EQ(zeCommandQueueExecuteCommandLists(queue, 1, &lists, fence), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueSynchronize(queue, kForever), ZE_RESULT_ERROR_DEVICE_LOST);
    EXPECT_EQ(zeFenceHostSynchronize(fence, kForever), ZE_RESULT_ERROR_DEVICE_LOST);
    EXPECT_EQ(zeFenceQueryStatus(fence), ZE_RESULT_ERROR_DEVICE_LOST);
    EXPECT_EQ(zeEventHostSynchronize(second, kForever), ZE_RESULT_ERROR_DEVICE_LOST);
    EXPECT_EQ(zeEventQueryStatus(first), ZE_RESULT_ERROR_DEVICE_LOST);
    EXPECT_EQ(zeContextGetStatus(context_), ZE_RESULT_ERROR_DEVICE_LOST);
    EXPECT_EQ(launch(kernel, kOneGroup), ZE_RESULT_ERROR_DEVICE_LOST);
    EXPECT_EQ(zeCommandQueueExecuteCommandLists(queue, 1, &lists, nullptr),
              ZE_RESULT_ERROR_DEVICE_LOST);
    // What nobody will ever signal, now: a refused list's fence, and an event that was forgotten.
    ASSERT_EQ(zeFenceReset(fence), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeFenceHostSynchronize(fence, kForever), ZE_RESULT_ERROR_DEVICE_LOST);
    ASSERT_EQ(zeEventHostReset(second), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventHostSynchronize(second, kForever), ZE_RESULT_ERROR_DEVICE_LOST);
    EXPECT_EQ(*counter, 3U) << "no group runs after the one that fails";
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeFenceDestroy(fence), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventDestroy(first), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventDestroy(second), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, counter), ZE_RESULT_SUCCESS);
}

TEST_F(SoftLaunches, without_all_arguments_or_with_freed_memory_are_refused) {
    uint32_t* const words = allocate_words(2);
    const auto kernel = new_kernel(module_, "step");
    ASSERT_EQ(set(kernel, 0, words), ZE_RESULT_SUCCESS);
    ASSERT_EQ(set(kernel, 1, uint32_t{0}), ZE_RESULT_SUCCESS);
    EXPECT_EQ(launch(kernel, kOneGroup), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    ASSERT_EQ(set(kernel, 2, words + 1), ZE_RESULT_SUCCESS);
    EXPECT_EQ(launch(kernel, kOneGroup), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, words), ZE_RESULT_SUCCESS);
    EXPECT_EQ(launch(kernel, kOneGroup), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
}

TEST_F(SoftLaunches, of_nothing_or_with_counts_out_of_reach_are_refused) {
    const auto kernel = new_kernel(module_, "locate");
    std::byte* const usm = allocate_device(64);
    ASSERT_EQ(set(kernel, 0, usm), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandListAppendLaunchKernel(list_, kernel, nullptr, nullptr, 0, nullptr),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    int foreign = 0;
    EXPECT_EQ(launch(reinterpret_cast<ze_kernel_handle_t>(&foreign), kOneGroup),
              ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    const auto indirect = [&](const void* count) {
        return zeCommandListAppendLaunchKernelIndirect(
            list_, kernel, static_cast<const ze_group_count_t*>(count), nullptr, 0, nullptr);
    };
    EXPECT_EQ(indirect(nullptr), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(indirect(&kOneGroup), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(indirect(usm + 1), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(indirect(usm + 56), ZE_RESULT_ERROR_INVALID_SIZE);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, usm), ZE_RESULT_SUCCESS);
}

}  // namespace mrda::ze_soft_test
