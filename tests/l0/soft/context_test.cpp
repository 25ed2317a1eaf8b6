// SPDX-License-Identifier: MIT
#include "ze_fixture.h"

namespace mrda::ze_soft_test {

using SoftContext = SoftDevice;

constexpr ze_context_desc_t kDesc = {ZE_STRUCTURE_TYPE_CONTEXT_DESC, nullptr, 0};

TEST_F(SoftContext, on_named_devices_is_a_context) {
    ze_context_handle_t context = nullptr;
    ASSERT_EQ(zeContextCreateEx(driver_, &kDesc, 1, &device_, &context), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeContextGetStatus(context), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeContextDestroy(context), ZE_RESULT_SUCCESS);
}

TEST_F(SoftContext, stays_while_its_memory_lives) {
    std::byte* const pointer = allocate_device(100);
    EXPECT_EQ(zeContextDestroy(context_), ZE_RESULT_ERROR_HANDLE_OBJECT_IN_USE);
    *pointer = std::byte{1};
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
}

TEST_F(SoftContext, destroyed_twice_is_refused) {
    ze_context_handle_t context = nullptr;
    ASSERT_EQ(zeContextCreate(driver_, &kDesc, &context), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeContextDestroy(context), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeContextDestroy(context), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeContextGetStatus(context), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
}

TEST_F(SoftContext, of_bad_arguments_is_refused) {
    ze_context_handle_t context = nullptr;
    EXPECT_EQ(zeContextCreate(nullptr, &kDesc, &context), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeContextCreate(driver_, nullptr, &context), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeContextCreate(driver_, &kDesc, nullptr), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    const ze_context_desc_t flags = {ZE_STRUCTURE_TYPE_CONTEXT_DESC, nullptr, 0x80};
    EXPECT_EQ(zeContextCreate(driver_, &flags, &context), ZE_RESULT_ERROR_INVALID_ENUMERATION);
    EXPECT_EQ(zeContextCreateEx(driver_, &kDesc, 1, nullptr, &context),
              ZE_RESULT_ERROR_INVALID_SIZE);
    int foreign = 0;
    auto device = reinterpret_cast<ze_device_handle_t>(&foreign);
    EXPECT_EQ(zeContextCreateEx(driver_, &kDesc, 1, &device, &context),
              ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
}

}  // namespace mrda::ze_soft_test
