// SPDX-License-Identifier: MIT
#include <cstring>

#include "ze_fixture.h"

namespace mrda::ze_soft_test {

using SoftDriver = SoftDevice;

TEST_F(SoftDriver, honours_level_zero_1_4) {
    ze_api_version_t version = {};
    ASSERT_EQ(zeDriverGetApiVersion(driver_, &version), ZE_RESULT_SUCCESS);
    EXPECT_EQ(version, ZE_API_VERSION_1_4);
}

TEST_F(SoftDriver, has_a_version_and_a_uuid) {
    ze_driver_properties_t properties = {};
    properties.stype = ZE_STRUCTURE_TYPE_DRIVER_PROPERTIES;
    ASSERT_EQ(zeDriverGetProperties(driver_, &properties), ZE_RESULT_SUCCESS);
    EXPECT_NE(properties.driverVersion, 0U);
    const ze_driver_uuid_t none = {};
    EXPECT_NE(std::memcmp(&properties.uuid, &none, sizeof none), 0);
}

TEST_F(SoftDriver, shares_memory_but_no_event_pools_between_processes) {
    ze_driver_ipc_properties_t properties = {};
    properties.stype = ZE_STRUCTURE_TYPE_DRIVER_IPC_PROPERTIES;
    ASSERT_EQ(zeDriverGetIpcProperties(driver_, &properties), ZE_RESULT_SUCCESS);
    EXPECT_EQ(properties.flags, ZE_IPC_PROPERTY_FLAG_MEMORY);
}

TEST_F(SoftDriver, claims_no_extension) {
    uint32_t count = 7;
    ze_driver_extension_properties_t extensions[7];
    ASSERT_EQ(zeDriverGetExtensionProperties(driver_, &count, extensions), ZE_RESULT_SUCCESS);
    EXPECT_EQ(count, 0U);
}

TEST_F(SoftDriver, asked_for_more_drivers_than_there_are_gives_those_there_are) {
    uint32_t available = 0;
    ASSERT_EQ(zeDriverGet(&available, nullptr), ZE_RESULT_SUCCESS);
    uint32_t count = available + 3;
    std::vector<ze_driver_handle_t> drivers(count);
    ASSERT_EQ(zeDriverGet(&count, drivers.data()), ZE_RESULT_SUCCESS);
    EXPECT_EQ(count, available);
}

TEST_F(SoftDriver, unknown_init_flags_are_refused) {
    EXPECT_NE(zeInit(0x80), ZE_RESULT_SUCCESS);
}

TEST_F(SoftDriver, for_vpus_only_is_refused) {
    EXPECT_EQ(zeInit(ZE_INIT_FLAG_VPU_ONLY), ZE_RESULT_ERROR_UNINITIALIZED);
}

TEST_F(SoftDriver, null_pointers_and_foreign_handles_are_refused) {
    int foreign = 0;
    const auto handle = reinterpret_cast<ze_driver_handle_t>(&foreign);
    ze_api_version_t version = {};
    EXPECT_EQ(zeDriverGetApiVersion(handle, &version), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeDriverGetApiVersion(driver_, nullptr), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeDriverGetProperties(driver_, nullptr), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeDriverGetIpcProperties(driver_, nullptr), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeDriverGetExtensionProperties(driver_, nullptr, nullptr),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeDriverGet(nullptr, nullptr), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
}

}  // namespace mrda::ze_soft_test
