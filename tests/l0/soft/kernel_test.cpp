// SPDX-License-Identifier: MIT
#include <string>

#include "kernel_fixture.h"

namespace mrda::ze_soft_test {

TEST_F(SoftKernels, tell_their_name_and_what_they_require) {
    const auto kernel = new_kernel(module_, "step");
    std::size_t size_bytes = 0;
    ASSERT_EQ(zeKernelGetName(kernel, &size_bytes, nullptr), ZE_RESULT_SUCCESS);
    ASSERT_EQ(size_bytes, sizeof "step");
    char name[sizeof "step"] = {};
    ASSERT_EQ(zeKernelGetName(kernel, &size_bytes, name), ZE_RESULT_SUCCESS);
    EXPECT_STREQ(name, "step");
    ze_kernel_preferred_group_size_properties_t preferred = {};
    preferred.stype = ZE_STRUCTURE_TYPE_KERNEL_PREFERRED_GROUP_SIZE_PROPERTIES;
    ze_kernel_properties_t properties = {};
    properties.stype = ZE_STRUCTURE_TYPE_KERNEL_PROPERTIES;
    properties.pNext = &preferred;
    properties.localMemSize = 77;
    ASSERT_EQ(zeKernelGetProperties(kernel, &properties), ZE_RESULT_SUCCESS);
    EXPECT_EQ(properties.numKernelArgs, 3U);
    EXPECT_EQ(properties.requiredGroupSizeX, 1U);
    EXPECT_EQ(properties.localMemSize, 0U);
    EXPECT_EQ(preferred.preferredMultiple, 1U);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
}

TEST_F(SoftKernels, remember_their_indirect_access) {
    const auto kernel = new_kernel(module_, "add");
    ze_kernel_indirect_access_flags_t flags = 99;
    ASSERT_EQ(zeKernelGetIndirectAccess(kernel, &flags), ZE_RESULT_SUCCESS);
    EXPECT_EQ(flags, 0U);
    ASSERT_EQ(zeKernelSetIndirectAccess(kernel, ZE_KERNEL_INDIRECT_ACCESS_FLAG_DEVICE),
              ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeKernelGetIndirectAccess(kernel, &flags), ZE_RESULT_SUCCESS);
    EXPECT_EQ(flags, ZE_KERNEL_INDIRECT_ACCESS_FLAG_DEVICE);
    EXPECT_EQ(zeKernelSetCacheConfig(kernel, ZE_CACHE_CONFIG_FLAG_LARGE_DATA), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
}

TEST_F(SoftKernels, suggest_groups_that_leave_nothing_over) {
    const auto kernel = new_kernel(module_, "add");
    for (const uint32_t global : {1U, 7U, 1000U, 1024U, 1025U, 65536U, 1000003U}) {
        uint32_t x = 0;
        uint32_t y = 0;
        uint32_t z = 0;
        ASSERT_EQ(zeKernelSuggestGroupSize(kernel, global, 6, 5, &x, &y, &z), ZE_RESULT_SUCCESS);
        EXPECT_EQ(global % x, 0U);
        EXPECT_EQ(6 % y, 0U);
        EXPECT_EQ(5 % z, 0U);
        EXPECT_EQ(zeKernelSetGroupSize(kernel, x, y, z), ZE_RESULT_SUCCESS);
    }
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
}

TEST_F(SoftKernels, suggest_the_group_size_that_they_require) {
    const auto kernel = new_kernel(module_, "step");
    uint32_t x = 0;
    uint32_t y = 0;
    uint32_t z = 0;
    ASSERT_EQ(zeKernelSuggestGroupSize(kernel, 64, 64, 64, &x, &y, &z), ZE_RESULT_SUCCESS);
    EXPECT_EQ(x * y * z, 1U);
    uint32_t count = 0;
    ASSERT_EQ(zeKernelSuggestMaxCooperativeGroupCount(kernel, &count), ZE_RESULT_SUCCESS);
    EXPECT_EQ(count, 1U);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
}

TEST_F(SoftKernels, of_group_sizes_beyond_the_device_or_their_own_are_refused) {
    const auto any = new_kernel(module_, "add");
    EXPECT_EQ(zeKernelSetGroupSize(any, 1024, 1, 1), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeKernelSetGroupSize(any, 0, 1, 1), ZE_RESULT_ERROR_INVALID_GROUP_SIZE_DIMENSION);
    EXPECT_EQ(zeKernelSetGroupSize(any, 1025, 1, 1), ZE_RESULT_ERROR_INVALID_GROUP_SIZE_DIMENSION);
    EXPECT_EQ(zeKernelSetGroupSize(any, 32, 32, 2), ZE_RESULT_ERROR_INVALID_GROUP_SIZE_DIMENSION);
    uint32_t size = 0;
    EXPECT_EQ(zeKernelSuggestGroupSize(any, 0, 1, 1, &size, &size, &size),
              ZE_RESULT_ERROR_INVALID_GLOBAL_WIDTH_DIMENSION);
    const auto one = new_kernel(module_, "step");
    EXPECT_EQ(zeKernelSetGroupSize(one, 2, 1, 1), ZE_RESULT_ERROR_INVALID_GROUP_SIZE_DIMENSION);
    EXPECT_EQ(zeKernelDestroy(any), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeKernelDestroy(one), ZE_RESULT_SUCCESS);
}

TEST_F(SoftKernels, of_arguments_that_do_not_fit_are_refused) {
    const auto kernel = new_kernel(module_, "add");
    std::byte* const usm = allocate_device(64);
    EXPECT_EQ(set(kernel, 4, uint32_t{1}), ZE_RESULT_ERROR_INVALID_KERNEL_ARGUMENT_INDEX);
    EXPECT_EQ(set(kernel, 3, uint64_t{1}), ZE_RESULT_ERROR_INVALID_KERNEL_ARGUMENT_SIZE);
    EXPECT_EQ(set(kernel, 0, uint32_t{1}), ZE_RESULT_ERROR_INVALID_KERNEL_ARGUMENT_SIZE);
    uint32_t of_the_program = 0;
    EXPECT_EQ(set(kernel, 0, &of_the_program), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(set(kernel, 0, usm + 64), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(set(kernel, 0, usm + 63), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeKernelSetArgumentValue(kernel, 0, sizeof(void*), nullptr), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, usm), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
}

TEST_F(SoftKernels, of_no_such_name_or_into_nothing_are_refused) {
    ze_kernel_desc_t desc = {ZE_STRUCTURE_TYPE_KERNEL_DESC, nullptr, 0, "subtract"};
    ze_kernel_handle_t kernel = nullptr;
    EXPECT_EQ(zeKernelCreate(module_, &desc, &kernel), ZE_RESULT_ERROR_INVALID_KERNEL_NAME);
    desc.pKernelName = nullptr;
    EXPECT_EQ(zeKernelCreate(module_, &desc, &kernel), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    desc = {ZE_STRUCTURE_TYPE_KERNEL_DESC, nullptr, 8, "add"};
    EXPECT_EQ(zeKernelCreate(module_, &desc, &kernel), ZE_RESULT_ERROR_INVALID_ENUMERATION);
    int foreign = 0;
    const auto handle = reinterpret_cast<ze_kernel_handle_t>(&foreign);
    EXPECT_EQ(zeKernelSetGroupSize(handle, 1, 1, 1), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeKernelDestroy(handle), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
}

}  // namespace mrda::ze_soft_test
