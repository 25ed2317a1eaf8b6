// SPDX-License-Identifier: MIT
#include <rapidcheck.h>

#include <cstring>
#include <vector>

#include "ze_fixture.h"

namespace mrda::ze_soft_test {

class SoftCommands : public SoftDevice {
  protected:
    void SetUp() override {
        SoftDevice::SetUp();
        list_ = new_immediate_list(ZE_COMMAND_QUEUE_MODE_SYNCHRONOUS);
    }
    void TearDown() override {
        EXPECT_EQ(zeCommandListDestroy(list_), ZE_RESULT_SUCCESS);
        SoftDevice::TearDown();
    }
    ze_result_t copy(void* destination, const void* source, std::size_t size_bytes) {
        return zeCommandListAppendMemoryCopy(list_, destination, source, size_bytes, nullptr, 0,
                                             nullptr);
    }
    ze_result_t fill(void* destination, const void* pattern, std::size_t pattern_bytes,
                     std::size_t size_bytes) {
        return zeCommandListAppendMemoryFill(list_, destination, pattern, pattern_bytes, size_bytes,
                                             nullptr, 0, nullptr);
    }

    ze_command_list_handle_t list_ = nullptr;
};

TEST_F(SoftCommands, copy_between_usm_and_memory_of_the_program) {
    std::byte* const usm = allocate_device(1000);
    std::vector<std::byte> there(1000);
    std::vector<std::byte> back(1000);
    for (std::size_t i = 0; i < there.size(); ++i) {
        there[i] = static_cast<std::byte>(i * 7);
    }
    ASSERT_EQ(copy(usm, there.data(), 1000), ZE_RESULT_SUCCESS);
    ASSERT_EQ(copy(back.data(), usm, 1000), ZE_RESULT_SUCCESS);
    EXPECT_EQ(back, there);
    EXPECT_EQ(zeMemFree(context_, usm), ZE_RESULT_SUCCESS);
}

TEST_F(SoftCommands, fill_repeats_the_pattern_of_append_time_and_no_byte_more) {
    EXPECT_TRUE(rc::check([this] {
        const auto pattern_bytes = std::size_t{1} << *rc::gen::inRange(0, 8);
        const auto size_bytes = *rc::gen::inRange<std::size_t>(0, 3000);
        auto pattern =
            *rc::gen::container<std::vector<uint8_t>>(pattern_bytes, rc::gen::arbitrary<uint8_t>());
        std::vector<uint8_t> memory(size_bytes + 1, 0xee);
        RC_ASSERT(fill(memory.data(), pattern.data(), pattern_bytes, size_bytes) ==
                  ZE_RESULT_SUCCESS);
        for (std::size_t i = 0; i < size_bytes; ++i) {
            RC_ASSERT(memory[i] == pattern[i % pattern_bytes]);
        }
        RC_ASSERT(memory[size_bytes] == 0xee);
    }));
}

TEST_F(SoftCommands, fill_keeps_its_own_copy_of_the_pattern) {
    const auto queue = new_queue();
    const auto list = new_list();
    uint32_t pattern = 0x01020304;
    uint32_t memory[4] = {};
    ASSERT_EQ(zeCommandListAppendMemoryFill(list, memory, &pattern, sizeof pattern, sizeof memory,
                                            nullptr, 0, nullptr),
              ZE_RESULT_SUCCESS);
    pattern = 0;
    run(queue, list);
    EXPECT_EQ(memory[3], 0x01020304U);
    EXPECT_EQ(zeCommandListDestroy(list), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeCommandQueueDestroy(queue), ZE_RESULT_SUCCESS);
}

TEST_F(SoftCommands, barriers_signal_and_wait) {
    const auto pool = new_pool(2);
    auto first = new_event(pool, 0);
    const auto second = new_event(pool, 1);
    std::byte* const usm = allocate_device(64);
    const std::size_t size_bytes = 64;
    const void* range = usm;
    ASSERT_EQ(zeCommandListAppendBarrier(list_, first, 0, nullptr), ZE_RESULT_SUCCESS);
    ASSERT_EQ(
        zeCommandListAppendMemoryRangesBarrier(list_, 1, &size_bytes, &range, second, 1, &first),
        ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeEventQueryStatus(second), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, usm), ZE_RESULT_SUCCESS);
    for (const auto event : {first, second}) {
        EXPECT_EQ(zeEventDestroy(event), ZE_RESULT_SUCCESS);
    }
    EXPECT_EQ(zeEventPoolDestroy(pool), ZE_RESULT_SUCCESS);
}

TEST_F(SoftCommands, write_the_time_at_which_they_run) {
    uint64_t host = 0;
    uint64_t before = 0;
    uint64_t written = 0;
    ASSERT_EQ(zeDeviceGetGlobalTimestamps(device_, &host, &before), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeCommandListAppendWriteGlobalTimestamp(list_, &written, nullptr, 0, nullptr),
              ZE_RESULT_SUCCESS);
    EXPECT_GE(written, before);
}

TEST_F(SoftCommands, past_the_end_of_an_allocation_are_refused) {
    std::byte* const usm = allocate_device(1000);
    std::vector<std::byte> memory(4096);
    EXPECT_EQ(copy(usm, memory.data(), 1001), ZE_RESULT_ERROR_INVALID_SIZE);
    EXPECT_EQ(copy(memory.data(), usm + 999, 2), ZE_RESULT_ERROR_INVALID_SIZE);
    EXPECT_EQ(copy(usm, memory.data(), SIZE_MAX), ZE_RESULT_ERROR_INVALID_SIZE);
    EXPECT_EQ(fill(usm + 1, memory.data(), 1, 1000), ZE_RESULT_ERROR_INVALID_SIZE);
    const std::size_t size_bytes = 1001;
    const void* range = usm;
    EXPECT_EQ(
        zeCommandListAppendMemoryRangesBarrier(list_, 1, &size_bytes, &range, nullptr, 0, nullptr),
        ZE_RESULT_ERROR_INVALID_SIZE);
    EXPECT_EQ(zeCommandListAppendWriteGlobalTimestamp(list_, reinterpret_cast<uint64_t*>(usm + 996),
                                                      nullptr, 0, nullptr),
              ZE_RESULT_ERROR_INVALID_ARGUMENT)
        << "996 is no multiple of 8";
    EXPECT_EQ(zeMemFree(context_, usm), ZE_RESULT_SUCCESS);
}

TEST_F(SoftCommands, with_odd_patterns_are_refused) {
    std::vector<std::byte> memory(16384);
    for (const std::size_t pattern_bytes : {std::size_t{0}, std::size_t{3}, std::size_t{8192}}) {
        EXPECT_EQ(fill(memory.data(), memory.data(), pattern_bytes, 8),
                  ZE_RESULT_ERROR_INVALID_SIZE);
    }
}

TEST_F(SoftCommands, with_null_pointers_are_refused) {
    int value = 0;
    EXPECT_EQ(copy(nullptr, &value, 4), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(copy(&value, nullptr, 4), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(fill(&value, nullptr, 4, 4), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeCommandListAppendBarrier(list_, nullptr, 1, nullptr), ZE_RESULT_ERROR_INVALID_SIZE);
    EXPECT_EQ(zeCommandListAppendWaitOnEvents(list_, 1, nullptr),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeCommandListAppendWriteGlobalTimestamp(list_, nullptr, nullptr, 0, nullptr),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
}

}  // namespace mrda::ze_soft_test
