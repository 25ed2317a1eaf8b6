// SPDX-License-Identifier: MIT
#include <cstring>
#include <string>

#include "ze_fixture.h"

namespace mrda::ze_soft_test {

using SoftDeviceProperties = SoftDevice;

TEST_F(SoftDeviceProperties, name_the_software_and_no_vendor) {
    ze_device_properties_t properties = {};
    properties.stype = ZE_STRUCTURE_TYPE_DEVICE_PROPERTIES;
    ASSERT_EQ(zeDeviceGetProperties(device_, &properties), ZE_RESULT_SUCCESS);
    EXPECT_EQ(properties.stype, ZE_STRUCTURE_TYPE_DEVICE_PROPERTIES);
    EXPECT_EQ(std::string(properties.name), "MRDA software device (CPU)");
    EXPECT_EQ(properties.type, ZE_DEVICE_TYPE_GPU);
    EXPECT_EQ(properties.vendorId, 0U);
    EXPECT_GT(properties.maxMemAllocSize, 0U);
}

TEST_F(SoftDeviceProperties, give_the_timer_in_the_unit_that_the_struct_type_means) {
    ze_device_properties_t properties = {};
    properties.stype = ZE_STRUCTURE_TYPE_DEVICE_PROPERTIES;
    ASSERT_EQ(zeDeviceGetProperties(device_, &properties), ZE_RESULT_SUCCESS);
    EXPECT_EQ(properties.timerResolution, 1U);  // ns per tick
    properties.stype = ZE_STRUCTURE_TYPE_DEVICE_PROPERTIES_1_2;
    ASSERT_EQ(zeDeviceGetProperties(device_, &properties), ZE_RESULT_SUCCESS);
    EXPECT_EQ(properties.timerResolution, 1'000'000'000U);  // ticks per second
}

TEST_F(SoftDeviceProperties, say_that_there_is_no_pci_address) {
    ze_pci_ext_properties_t properties = {};
    properties.stype = ZE_STRUCTURE_TYPE_PCI_EXT_PROPERTIES;
    EXPECT_EQ(zeDevicePciGetPropertiesExt(device_, &properties),
              ZE_RESULT_ERROR_UNSUPPORTED_FEATURE);
}

TEST_F(SoftDeviceProperties, say_that_dma_bufs_go_out_and_come_in) {
    ze_device_external_memory_properties_t properties = {};
    properties.stype = ZE_STRUCTURE_TYPE_DEVICE_EXTERNAL_MEMORY_PROPERTIES;
    ASSERT_EQ(zeDeviceGetExternalMemoryProperties(device_, &properties), ZE_RESULT_SUCCESS);
    EXPECT_TRUE(properties.memoryAllocationExportTypes & ZE_EXTERNAL_MEMORY_TYPE_FLAG_DMA_BUF);
    EXPECT_TRUE(properties.memoryAllocationImportTypes & ZE_EXTERNAL_MEMORY_TYPE_FLAG_DMA_BUF);
    EXPECT_EQ(properties.imageExportTypes, 0U);
}

TEST_F(SoftDeviceProperties, have_one_queue_group_that_copies_and_computes) {
    uint32_t count = 0;
    ASSERT_EQ(zeDeviceGetCommandQueueGroupProperties(device_, &count, nullptr), ZE_RESULT_SUCCESS);
    ASSERT_EQ(count, 1U);
    ze_command_queue_group_properties_t group = {};
    group.stype = ZE_STRUCTURE_TYPE_COMMAND_QUEUE_GROUP_PROPERTIES;
    ASSERT_EQ(zeDeviceGetCommandQueueGroupProperties(device_, &count, &group), ZE_RESULT_SUCCESS);
    EXPECT_EQ(group.flags, ZE_COMMAND_QUEUE_GROUP_PROPERTY_FLAG_COMPUTE |
                               ZE_COMMAND_QUEUE_GROUP_PROPERTY_FLAG_COPY);
    EXPECT_GT(group.numQueues, 0U);
    EXPECT_GT(group.maxMemoryFillPatternSize, 0U);
}

TEST_F(SoftDeviceProperties, list_one_memory_of_the_machines_size) {
    uint32_t count = 4;
    ze_device_memory_properties_t memories[4] = {};
    for (auto& memory : memories) {
        memory.stype = ZE_STRUCTURE_TYPE_DEVICE_MEMORY_PROPERTIES;
    }
    ASSERT_EQ(zeDeviceGetMemoryProperties(device_, &count, memories), ZE_RESULT_SUCCESS);
    ASSERT_EQ(count, 1U);
    EXPECT_GT(memories[0].totalSize, 0U);
    EXPECT_EQ(memories[1].totalSize, 0U);
}

TEST_F(SoftDeviceProperties, overwrite_what_was_in_the_callers_struct) {
    ze_device_compute_properties_t compute;
    std::memset(&compute, 0xff, sizeof compute);
    compute.stype = ZE_STRUCTURE_TYPE_DEVICE_COMPUTE_PROPERTIES;
    compute.pNext = nullptr;
    ASSERT_EQ(zeDeviceGetComputeProperties(device_, &compute), ZE_RESULT_SUCCESS);
    EXPECT_EQ(compute.maxTotalGroupSize, 1024U);
    EXPECT_EQ(compute.maxSharedLocalMemory, 0U);
    EXPECT_EQ(compute.numSubGroupSizes, 1U);
    EXPECT_EQ(compute.subGroupSizes[1], 0U);
    EXPECT_EQ(compute.stype, ZE_STRUCTURE_TYPE_DEVICE_COMPUTE_PROPERTIES);

    ze_device_module_properties_t module;
    std::memset(&module, 0xff, sizeof module);
    module.stype = ZE_STRUCTURE_TYPE_DEVICE_MODULE_PROPERTIES;
    module.pNext = nullptr;
    ASSERT_EQ(zeDeviceGetModuleProperties(device_, &module), ZE_RESULT_SUCCESS);
    EXPECT_EQ(module.spirvVersionSupported, 0U);
    EXPECT_EQ(module.maxArgumentsSize, 8192U);
    EXPECT_TRUE(module.flags & ZE_DEVICE_MODULE_FLAG_FP64);
    EXPECT_EQ(module.fp16flags, 0U);

    ze_device_image_properties_t image;
    std::memset(&image, 0xff, sizeof image);
    image.stype = ZE_STRUCTURE_TYPE_DEVICE_IMAGE_PROPERTIES;
    image.pNext = nullptr;
    ASSERT_EQ(zeDeviceGetImageProperties(device_, &image), ZE_RESULT_SUCCESS);
    EXPECT_EQ(image.maxImageDims2D, 0U);
}

TEST_F(SoftDeviceProperties, let_every_kind_of_usm_be_used_and_no_other_memory) {
    ze_device_memory_access_properties_t access = {};
    access.stype = ZE_STRUCTURE_TYPE_DEVICE_MEMORY_ACCESS_PROPERTIES;
    ASSERT_EQ(zeDeviceGetMemoryAccessProperties(device_, &access), ZE_RESULT_SUCCESS);
    EXPECT_TRUE(access.hostAllocCapabilities & ZE_MEMORY_ACCESS_CAP_FLAG_RW);
    EXPECT_TRUE(access.deviceAllocCapabilities & ZE_MEMORY_ACCESS_CAP_FLAG_RW);
    EXPECT_TRUE(access.sharedSingleDeviceAllocCapabilities & ZE_MEMORY_ACCESS_CAP_FLAG_RW);
    EXPECT_EQ(access.sharedSystemAllocCapabilities, 0U);
    EXPECT_EQ(access.sharedCrossDeviceAllocCapabilities, 0U);
}

TEST_F(SoftDeviceProperties, know_no_sub_device_and_no_peer_but_itself) {
    uint32_t count = 0;
    ASSERT_EQ(zeDeviceGetSubDevices(device_, &count, nullptr), ZE_RESULT_SUCCESS);
    EXPECT_EQ(count, 0U);
    ze_bool_t can = 0;
    ASSERT_EQ(zeDeviceCanAccessPeer(device_, device_, &can), ZE_RESULT_SUCCESS);
    EXPECT_TRUE(can);
    ze_device_p2p_properties_t p2p = {};
    p2p.stype = ZE_STRUCTURE_TYPE_DEVICE_P2P_PROPERTIES;
    ASSERT_EQ(zeDeviceGetP2PProperties(device_, device_, &p2p), ZE_RESULT_SUCCESS);
    EXPECT_TRUE(p2p.flags & ZE_DEVICE_P2P_PROPERTY_FLAG_ACCESS);
    EXPECT_EQ(zeDeviceGetStatus(device_), ZE_RESULT_SUCCESS);
}

TEST_F(SoftDeviceProperties, count_caches_as_they_list_them) {
    uint32_t count = 0;
    ASSERT_EQ(zeDeviceGetCacheProperties(device_, &count, nullptr), ZE_RESULT_SUCCESS);
    std::vector<ze_device_cache_properties_t> caches(count);
    for (auto& cache : caches) {
        cache.stype = ZE_STRUCTURE_TYPE_DEVICE_CACHE_PROPERTIES;
    }
    ASSERT_EQ(zeDeviceGetCacheProperties(device_, &count, caches.data()), ZE_RESULT_SUCCESS);
    for (const auto& cache : caches) {
        EXPECT_GT(cache.cacheSize, 0U);
    }
}

TEST_F(SoftDeviceProperties, keep_the_device_clock_running_with_the_hosts) {
    uint64_t host = 0;
    uint64_t first = 0;
    uint64_t second = 0;
    ASSERT_EQ(zeDeviceGetGlobalTimestamps(device_, &host, &first), ZE_RESULT_SUCCESS);
    EXPECT_EQ(host, first);
    ASSERT_EQ(zeDeviceGetGlobalTimestamps(device_, &host, &second), ZE_RESULT_SUCCESS);
    EXPECT_GE(second, first);
}

TEST_F(SoftDeviceProperties, of_a_foreign_device_or_into_nothing_are_refused) {
    int foreign = 0;
    const auto handle = reinterpret_cast<ze_device_handle_t>(&foreign);
    ze_device_properties_t properties = {};
    properties.stype = ZE_STRUCTURE_TYPE_DEVICE_PROPERTIES;
    EXPECT_EQ(zeDeviceGetProperties(handle, &properties), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeDeviceGetProperties(device_, nullptr), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeDeviceGetStatus(handle), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    uint64_t ticks = 0;
    EXPECT_EQ(zeDeviceGetGlobalTimestamps(device_, nullptr, &ticks),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    ze_bool_t can = 0;
    EXPECT_EQ(zeDeviceCanAccessPeer(device_, handle, &can), ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    uint32_t count = 0;
    EXPECT_EQ(zeDeviceGetMemoryProperties(handle, &count, nullptr),
              ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
}

}  // namespace mrda::ze_soft_test
