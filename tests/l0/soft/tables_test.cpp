// SPDX-License-Identifier: MIT
// The tables as a loader of any age asks for them, without a loader between.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <level_zero/ze_ddi.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
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
    const auto module = function<ze_pfnGetModuleProcAddrTable_t>("zeGetModuleProcAddrTable");
    EXPECT_EQ(bytes_written<ze_module_dditable_t>(module, ZE_API_VERSION_1_2),
              offsetof(ze_module_dditable_t, pfnInspectLinkageExt));
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
    const auto sampler = function<ze_pfnGetSamplerProcAddrTable_t>("zeGetSamplerProcAddrTable");
    ze_sampler_dditable_t table;
    std::memset(&table, 0xa5, sizeof table);
    ASSERT_EQ(sampler(ZE_API_VERSION_1_0, &table), ZE_RESULT_SUCCESS);
    const ze_sampler_dditable_t empty = {};
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

/// How many fields the table of each part of the API has.
struct Part {
    const char* table;
    std::size_t fields_in_1_0;
    std::size_t fields_in_1_4;
};
constexpr Part kParts[] = {
    {"zeGetGlobal", 1, 1},
    {"zeGetDriver", 5, 6},
    {"zeGetDevice", 14, 18},
    {"zeGetDeviceExp", 0, 1},
    {"zeGetContext", 8, 9},
    {"zeGetCommandQueue", 4, 4},
    {"zeGetCommandList", 26, 28},
    {"zeGetImage", 3, 4},
    {"zeGetImageExp", 0, 2},
    {"zeGetFence", 5, 5},
    {"zeGetEventPool", 5, 5},
    {"zeGetEvent", 7, 7},
    {"zeGetEventExp", 0, 1},
    {"zeGetModule", 8, 9},
    {"zeGetModuleBuildLog", 2, 2},
    {"zeGetKernel", 12, 12},
    {"zeGetKernelExp", 0, 2},
    {"zeGetSampler", 2, 2},
    {"zeGetPhysicalMem", 2, 2},
    {"zeGetMem", 9, 10},
    {"zeGetVirtualMem", 7, 7},
    {"zeGetFabricVertexExp", 0, 4},
    {"zeGetFabricEdgeExp", 0, 3},
    {"zetGetDevice", 1, 1},
    {"zetGetContext", 1, 1},
    {"zetGetCommandList", 4, 4},
    {"zetGetModule", 1, 1},
    {"zetGetKernel", 1, 1},
    {"zetGetMetricGroup", 3, 3},
    {"zetGetMetricGroupExp", 0, 1},
    {"zetGetMetric", 2, 2},
    {"zetGetMetricStreamer", 3, 3},
    {"zetGetMetricQueryPool", 2, 2},
    {"zetGetMetricQuery", 4, 4},
    {"zetGetTracerExp", 5, 5},
    {"zetGetDebug", 11, 11},
    {"zesGetDriver", 1, 2},
    {"zesGetDevice", 24, 29},
    {"zesGetScheduler", 8, 8},
    {"zesGetPerformanceFactor", 3, 3},
    {"zesGetPower", 6, 8},
    {"zesGetFrequency", 17, 17},
    {"zesGetEngine", 2, 2},
    {"zesGetStandby", 3, 3},
    {"zesGetFirmware", 2, 2},
    {"zesGetMemory", 3, 3},
    {"zesGetFabricPort", 6, 6},
    {"zesGetTemperature", 4, 4},
    {"zesGetPsu", 2, 2},
    {"zesGetFan", 6, 6},
    {"zesGetLed", 4, 4},
    {"zesGetRas", 4, 4},
    {"zesGetDiagnostics", 3, 3},
};

TEST_F(SoftTables, of_every_part_of_the_api_end_where_the_callers_version_ends_them) {
    using GetTable = ze_result_t (*)(ze_api_version_t, void*);
    constexpr std::uintptr_t kCanary = 0xa5a5a5a5a5a5a5a5;
    EXPECT_EQ(std::size(kParts), 53U);
    for (const Part& part : kParts) {
        const std::string name = std::string(part.table) + "ProcAddrTable";
        SCOPED_TRACE(name);
        const auto get = function<GetTable>(name.c_str());
        ASSERT_NE(get, nullptr);
        const auto fields_for = [&](int minor) {
            std::array<std::uintptr_t, 64> table;
            table.fill(kCanary);
            const auto version = static_cast<ze_api_version_t>(ZE_MAKE_VERSION(1, minor));
            EXPECT_EQ(get(version, table.data()), ZE_RESULT_SUCCESS);
            auto* const end = std::find(table.begin(), table.end(), kCanary);
            EXPECT_TRUE(
                std::all_of(end, table.end(), [&](auto field) { return field == kCanary; }));
            return static_cast<std::size_t>(end - table.begin());
        };
        EXPECT_EQ(fields_for(0), part.fields_in_1_0);
        EXPECT_EQ(fields_for(4), part.fields_in_1_4);
        if (ZE_API_VERSION_CURRENT == ZE_API_VERSION_1_4) {
            EXPECT_EQ(fields_for(17), part.fields_in_1_4);
        } else {  // Built with newer headers, the tables end where those end them.
            EXPECT_GE(fields_for(17), part.fields_in_1_4);
        }
    }
}

}  // namespace mrda::ze_soft_test
