// SPDX-License-Identifier: MIT
// The tables as a loader of any age asks for them, without a loader between.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <level_zero/ze_ddi.h>

#include <cstring>
#include <map>
#include <memory>
#include <sstream>
#include <string>

namespace mrda::ze_soft_test {

namespace {

class SoftTables : public testing::Test {
  protected:
    void SetUp() override {
        library_.reset(::dlopen(MRDA_ZE_DRIVER, RTLD_NOW | RTLD_LOCAL));
        ASSERT_NE(library_, nullptr) << ::dlerror();
    }
    template <typename Function>
    Function function(const char* name) {
        auto* const address = ::dlsym(library_.get(), name);
        EXPECT_NE(address, nullptr) << name;
        return reinterpret_cast<Function>(address);
    }

    struct Close {
        void operator()(void* library) const { ::dlclose(library); }
    };
    std::unique_ptr<void, Close> library_;
};

/// How many bytes of a table full of 0xa5 the driver wrote: the loader's table may end just there.
template <typename Table, typename Function>
std::size_t bytes_written(Function get, ze_api_version_t version) {
    Table table;
    std::memset(&table, 0xa5, sizeof table);
    EXPECT_EQ(get(version, &table), ZE_RESULT_SUCCESS);
    const auto* const bytes = reinterpret_cast<const unsigned char*>(&table);
    std::size_t written = sizeof table;
    while (written > 0 && bytes[written - 1] == 0xa5) {
        --written;
    }
    return written;
}

}  // namespace

TEST_F(SoftTables, of_an_old_caller_get_no_field_that_is_newer) {
    const auto device = function<ze_pfnGetDeviceProcAddrTable_t>("zeGetDeviceProcAddrTable");
    using Device = ze_device_dditable_t;
    EXPECT_EQ(bytes_written<Device>(device, ZE_API_VERSION_1_0),
              offsetof(Device, pfnGetGlobalTimestamps));
    EXPECT_EQ(bytes_written<Device>(device, ZE_API_VERSION_1_1),
              offsetof(Device, pfnReserveCacheExt));
    EXPECT_EQ(bytes_written<Device>(device, ZE_API_VERSION_1_2),
              offsetof(Device, pfnPciGetPropertiesExt));
    EXPECT_EQ(bytes_written<Device>(device, ZE_API_VERSION_1_3), sizeof(Device));

    const auto context = function<ze_pfnGetContextProcAddrTable_t>("zeGetContextProcAddrTable");
    EXPECT_EQ(bytes_written<ze_context_dditable_t>(context, ZE_API_VERSION_1_0),
              offsetof(ze_context_dditable_t, pfnCreateEx));
    const auto memory = function<ze_pfnGetMemProcAddrTable_t>("zeGetMemProcAddrTable");
    EXPECT_EQ(bytes_written<ze_mem_dditable_t>(memory, ZE_API_VERSION_1_2),
              offsetof(ze_mem_dditable_t, pfnFreeExt));
    const auto driver = function<ze_pfnGetDriverProcAddrTable_t>("zeGetDriverProcAddrTable");
    EXPECT_EQ(bytes_written<ze_driver_dditable_t>(driver, ZE_API_VERSION_1_0),
              offsetof(ze_driver_dditable_t, pfnGetExtensionFunctionAddress));
}

TEST_F(SoftTables, of_a_newer_caller_get_the_fields_that_are_known) {
    const auto newer = static_cast<ze_api_version_t>(ZE_MAKE_VERSION(1, 17));
    const auto global = function<ze_pfnGetGlobalProcAddrTable_t>("zeGetGlobalProcAddrTable");
    struct {
        ze_global_dditable_t known;
        void* init_drivers;
    } table = {{}, nullptr};
    ASSERT_EQ(global(newer, &table.known), ZE_RESULT_SUCCESS);
    EXPECT_NE(table.known.pfnInit, nullptr);
    EXPECT_EQ(table.init_drivers, nullptr);
}

TEST_F(SoftTables, that_have_nothing_in_them_are_all_null) {
    const auto kernel = function<ze_pfnGetKernelProcAddrTable_t>("zeGetKernelProcAddrTable");
    ze_kernel_dditable_t table;
    std::memset(&table, 0xa5, sizeof table);
    ASSERT_EQ(kernel(ZE_API_VERSION_1_0, &table), ZE_RESULT_SUCCESS);
    const ze_kernel_dditable_t empty = {};
    EXPECT_EQ(std::memcmp(&table, &empty, sizeof table), 0);
}

TEST_F(SoftTables, of_another_major_version_or_nowhere_are_refused) {
    const auto memory = function<ze_pfnGetMemProcAddrTable_t>("zeGetMemProcAddrTable");
    ze_mem_dditable_t table = {};
    EXPECT_EQ(memory(static_cast<ze_api_version_t>(ZE_MAKE_VERSION(2, 0)), &table),
              ZE_RESULT_ERROR_UNSUPPORTED_VERSION);
    EXPECT_EQ(memory(static_cast<ze_api_version_t>(ZE_MAKE_VERSION(0, 91)), &table),
              ZE_RESULT_ERROR_UNSUPPORTED_VERSION);
    EXPECT_EQ(table.pfnFree, nullptr);
    EXPECT_EQ(memory(ZE_API_VERSION_1_0, nullptr), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
}

TEST_F(SoftTables, are_all_that_the_library_exports) {
    EXPECT_EQ(::dlsym(library_.get(), "zeInit"), nullptr);
    EXPECT_EQ(::dlsym(library_.get(), "zeMemAllocDevice"), nullptr);
}

TEST_F(SoftTables, are_there_for_every_part_of_the_api) {
    const std::map<std::string, std::string> tables_of = {
        {"ze",
         "Global Driver Device DeviceExp Context CommandQueue CommandList Image ImageExp Fence "
         "EventPool Event EventExp Module ModuleBuildLog Kernel KernelExp Sampler PhysicalMem Mem "
         "VirtualMem FabricVertexExp FabricEdgeExp"},
        {"zet",
         "Device Context CommandList Module Kernel MetricGroup MetricGroupExp Metric "
         "MetricStreamer MetricQueryPool MetricQuery TracerExp Debug"},
        {"zes",
         "Driver Device Scheduler PerformanceFactor Power Frequency Engine Standby Firmware Memory "
         "FabricPort Temperature Psu Fan Led Ras Diagnostics"},
    };
    int found = 0;
    for (const auto& [prefix, tables] : tables_of) {
        std::istringstream words(tables);
        for (std::string table; words >> table; ++found) {
            const std::string name = prefix + "Get" + table + "ProcAddrTable";
            EXPECT_NE(::dlsym(library_.get(), name.c_str()), nullptr) << name;
        }
    }
    EXPECT_EQ(found, 53);
}

}  // namespace mrda::ze_soft_test
