// SPDX-License-Identifier: MIT
// What the loader loads a driver for: the tables of its entry points.
#include <level_zero/ze_ddi.h>
#include <level_zero/zes_ddi.h>
#include <level_zero/zet_ddi.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <initializer_list>

#include "entries.h"

namespace {

namespace entry = mrda::ze_soft::entry;

/// A table got longer in version `since`: an older caller's has `bytes_before` bytes. Level Zero
/// appends new fields, with one exception (see zesGetDeviceProcAddrTable).
struct Growth {
    ze_api_version_t since;
    std::size_t bytes_before;
};

/// Copies of `ours` as much as a table of the caller's version has. The loader's table may lie on
/// its stack: a byte more smashes it, and a byte less leaves it calling rubbish. `known_bytes` is
/// where version 1.4's table ends. Newer headers, should we be built with them, have fields of
/// which nothing here says since when: a caller of those headers' version or a newer one has them
/// all, and gets nulls; one between 1.4 and that must have cleared its table itself, as loaders do.
template <std::size_t known_bytes, typename Table>
ze_result_t fill(ze_api_version_t version, Table* table, const Table& ours,
                 std::initializer_list<Growth> growths = {}) {
    if (table == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    if (ZE_MAJOR_VERSION(version) != ZE_MAJOR_VERSION(ZE_API_VERSION_1_0)) {
        return ZE_RESULT_ERROR_UNSUPPORTED_VERSION;
    }
    static_assert(ZE_API_VERSION_CURRENT > ZE_API_VERSION_1_4 || known_bytes == sizeof(Table));
    std::size_t bytes = version >= ZE_API_VERSION_CURRENT ? sizeof(Table) : known_bytes;
    for (const Growth& growth : growths) {
        if (version < growth.since) {
            bytes = std::min(bytes, growth.bytes_before);
        }
    }
    std::memcpy(table, &ours, bytes);
    return ZE_RESULT_SUCCESS;
}

}  // namespace

#define MRDA_END(table, last_field) (offsetof(table, last_field) + sizeof(table::last_field))
#define MRDA_GROWTH(version, table, first_new_field)               \
    Growth {                                                       \
        ZE_API_VERSION_##version, offsetof(table, first_new_field) \
    }
#define MRDA_EMPTY_TABLE(function, table_type, last_field, ...)                     \
    ze_result_t function(ze_api_version_t version, table_type* table) {             \
        return fill<MRDA_END(table_type, last_field)>(version, table, table_type{}, \
                                                      {__VA_ARGS__});               \
    }

extern "C" {

ze_result_t zeGetGlobalProcAddrTable(ze_api_version_t version, ze_global_dditable_t* table) {
    return fill<MRDA_END(ze_global_dditable_t, pfnInit)>(version, table, {.pfnInit = entry::init});
}

ze_result_t zeGetDriverProcAddrTable(ze_api_version_t version, ze_driver_dditable_t* table) {
    const ze_driver_dditable_t ours = {
        .pfnGet = entry::driver_get,
        .pfnGetApiVersion = entry::driver_get_api_version,
        .pfnGetProperties = entry::driver_get_properties,
        .pfnGetIpcProperties = entry::driver_get_ipc_properties,
        .pfnGetExtensionProperties = entry::driver_get_extension_properties,
    };
    return fill<MRDA_END(ze_driver_dditable_t, pfnGetExtensionFunctionAddress)>(
        version, table, ours,
        {MRDA_GROWTH(1_1, ze_driver_dditable_t, pfnGetExtensionFunctionAddress)});
}

ze_result_t zeGetDeviceProcAddrTable(ze_api_version_t version, ze_device_dditable_t* table) {
    const ze_device_dditable_t ours = {
        .pfnGet = entry::device_get,
        .pfnGetSubDevices = entry::device_get_sub_devices,
        .pfnGetProperties = entry::device_get_properties,
        .pfnGetComputeProperties = entry::device_get_compute_properties,
        .pfnGetModuleProperties = entry::device_get_module_properties,
        .pfnGetCommandQueueGroupProperties = entry::device_get_command_queue_group_properties,
        .pfnGetMemoryProperties = entry::device_get_memory_properties,
        .pfnGetMemoryAccessProperties = entry::device_get_memory_access_properties,
        .pfnGetCacheProperties = entry::device_get_cache_properties,
        .pfnGetImageProperties = entry::device_get_image_properties,
        .pfnGetExternalMemoryProperties = entry::device_get_external_memory_properties,
        .pfnGetP2PProperties = entry::device_get_p2p_properties,
        .pfnCanAccessPeer = entry::device_can_access_peer,
        .pfnGetStatus = entry::device_get_status,
        .pfnGetGlobalTimestamps = entry::device_get_global_timestamps,
        .pfnPciGetPropertiesExt = entry::device_pci_get_properties,
    };
    return fill<MRDA_END(ze_device_dditable_t, pfnPciGetPropertiesExt)>(
        version, table, ours,
        {MRDA_GROWTH(1_1, ze_device_dditable_t, pfnGetGlobalTimestamps),
         MRDA_GROWTH(1_2, ze_device_dditable_t, pfnReserveCacheExt),
         MRDA_GROWTH(1_3, ze_device_dditable_t, pfnPciGetPropertiesExt)});
}

ze_result_t zeGetContextProcAddrTable(ze_api_version_t version, ze_context_dditable_t* table) {
    const ze_context_dditable_t ours = {
        .pfnCreate = entry::context_create,
        .pfnDestroy = entry::context_destroy,
        .pfnGetStatus = entry::context_get_status,
        .pfnCreateEx = entry::context_create_ex,
    };
    return fill<MRDA_END(ze_context_dditable_t, pfnCreateEx)>(
        version, table, ours, {MRDA_GROWTH(1_1, ze_context_dditable_t, pfnCreateEx)});
}

ze_result_t zeGetMemProcAddrTable(ze_api_version_t version, ze_mem_dditable_t* table) {
    const ze_mem_dditable_t ours = {
        .pfnAllocShared = entry::mem_alloc_shared,
        .pfnAllocDevice = entry::mem_alloc_device,
        .pfnAllocHost = entry::mem_alloc_host,
        .pfnFree = entry::mem_free,
        .pfnGetAllocProperties = entry::mem_get_alloc_properties,
        .pfnGetAddressRange = entry::mem_get_address_range,
        .pfnGetIpcHandle = entry::mem_get_ipc_handle,
        .pfnOpenIpcHandle = entry::mem_open_ipc_handle,
        .pfnCloseIpcHandle = entry::mem_close_ipc_handle,
    };
    return fill<MRDA_END(ze_mem_dditable_t, pfnFreeExt)>(
        version, table, ours, {MRDA_GROWTH(1_3, ze_mem_dditable_t, pfnFreeExt)});
}

ze_result_t zeGetCommandQueueProcAddrTable(ze_api_version_t version,
                                           ze_command_queue_dditable_t* table) {
    return fill<MRDA_END(ze_command_queue_dditable_t, pfnSynchronize)>(
        version, table,
        {
            .pfnCreate = entry::command_queue_create,
            .pfnDestroy = entry::command_queue_destroy,
            .pfnExecuteCommandLists = entry::command_queue_execute_command_lists,
            .pfnSynchronize = entry::command_queue_synchronize,
        });
}

ze_result_t zeGetCommandListProcAddrTable(ze_api_version_t version,
                                          ze_command_list_dditable_t* table) {
    const ze_command_list_dditable_t ours = {
        .pfnCreate = entry::command_list_create,
        .pfnCreateImmediate = entry::command_list_create_immediate,
        .pfnDestroy = entry::command_list_destroy,
        .pfnClose = entry::command_list_close,
        .pfnReset = entry::command_list_reset,
        .pfnAppendWriteGlobalTimestamp = entry::append_write_global_timestamp,
        .pfnAppendBarrier = entry::append_barrier,
        .pfnAppendMemoryRangesBarrier = entry::append_memory_ranges_barrier,
        .pfnAppendMemoryCopy = entry::append_memory_copy,
        .pfnAppendMemoryFill = entry::append_memory_fill,
        .pfnAppendMemoryCopyRegion = entry::append_memory_copy_region,
        .pfnAppendSignalEvent = entry::append_signal_event,
        .pfnAppendWaitOnEvents = entry::append_wait_on_events,
        .pfnAppendEventReset = entry::append_event_reset,
        .pfnAppendLaunchKernel = entry::append_launch_kernel,
        .pfnAppendLaunchKernelIndirect = entry::append_launch_kernel_indirect,
    };
    return fill<MRDA_END(ze_command_list_dditable_t, pfnAppendImageCopyFromMemoryExt)>(
        version, table, ours,
        {MRDA_GROWTH(1_3, ze_command_list_dditable_t, pfnAppendImageCopyToMemoryExt)});
}

ze_result_t zeGetFenceProcAddrTable(ze_api_version_t version, ze_fence_dditable_t* table) {
    return fill<MRDA_END(ze_fence_dditable_t, pfnReset)>(
        version, table,
        {
            .pfnCreate = entry::fence_create,
            .pfnDestroy = entry::fence_destroy,
            .pfnHostSynchronize = entry::fence_host_synchronize,
            .pfnQueryStatus = entry::fence_query_status,
            .pfnReset = entry::fence_reset,
        });
}

ze_result_t zeGetEventPoolProcAddrTable(ze_api_version_t version, ze_event_pool_dditable_t* table) {
    return fill<MRDA_END(ze_event_pool_dditable_t, pfnCloseIpcHandle)>(
        version, table,
        {.pfnCreate = entry::event_pool_create, .pfnDestroy = entry::event_pool_destroy});
}

ze_result_t zeGetEventProcAddrTable(ze_api_version_t version, ze_event_dditable_t* table) {
    return fill<MRDA_END(ze_event_dditable_t, pfnQueryKernelTimestamp)>(
        version, table,
        {
            .pfnCreate = entry::event_create,
            .pfnDestroy = entry::event_destroy,
            .pfnHostSignal = entry::event_host_signal,
            .pfnHostSynchronize = entry::event_host_synchronize,
            .pfnQueryStatus = entry::event_query_status,
            .pfnHostReset = entry::event_host_reset,
            .pfnQueryKernelTimestamp = entry::event_query_kernel_timestamp,
        });
}

ze_result_t zeGetModuleProcAddrTable(ze_api_version_t version, ze_module_dditable_t* table) {
    const ze_module_dditable_t ours = {
        .pfnCreate = entry::module_create,
        .pfnDestroy = entry::module_destroy,
        .pfnGetNativeBinary = entry::module_get_native_binary,
        .pfnGetGlobalPointer = entry::module_get_global_pointer,
        .pfnGetKernelNames = entry::module_get_kernel_names,
        .pfnGetProperties = entry::module_get_properties,
        .pfnGetFunctionPointer = entry::module_get_function_pointer,
    };
    return fill<MRDA_END(ze_module_dditable_t, pfnInspectLinkageExt)>(
        version, table, ours, {MRDA_GROWTH(1_3, ze_module_dditable_t, pfnInspectLinkageExt)});
}

ze_result_t zeGetModuleBuildLogProcAddrTable(ze_api_version_t version,
                                             ze_module_build_log_dditable_t* table) {
    return fill<MRDA_END(ze_module_build_log_dditable_t, pfnGetString)>(
        version, table,
        {.pfnDestroy = entry::module_build_log_destroy,
         .pfnGetString = entry::module_build_log_get_string});
}

ze_result_t zeGetKernelProcAddrTable(ze_api_version_t version, ze_kernel_dditable_t* table) {
    const ze_kernel_dditable_t ours = {
        .pfnCreate = entry::kernel_create,
        .pfnDestroy = entry::kernel_destroy,
        .pfnSetCacheConfig = entry::kernel_set_cache_config,
        .pfnSetGroupSize = entry::kernel_set_group_size,
        .pfnSuggestGroupSize = entry::kernel_suggest_group_size,
        .pfnSuggestMaxCooperativeGroupCount = entry::kernel_suggest_max_cooperative_group_count,
        .pfnSetArgumentValue = entry::kernel_set_argument_value,
        .pfnSetIndirectAccess = entry::kernel_set_indirect_access,
        .pfnGetIndirectAccess = entry::kernel_get_indirect_access,
        .pfnGetProperties = entry::kernel_get_properties,
        .pfnGetName = entry::kernel_get_name,
    };
    return fill<MRDA_END(ze_kernel_dditable_t, pfnGetName)>(version, table, ours);
}

// The loader asks for the rest too and takes null for "not supported".
MRDA_EMPTY_TABLE(zeGetDeviceExpProcAddrTable, ze_device_exp_dditable_t, pfnGetFabricVertexExp,
                 MRDA_GROWTH(1_4, ze_device_exp_dditable_t, pfnGetFabricVertexExp))
MRDA_EMPTY_TABLE(zeGetImageProcAddrTable, ze_image_dditable_t, pfnGetAllocPropertiesExt,
                 MRDA_GROWTH(1_3, ze_image_dditable_t, pfnGetAllocPropertiesExt))
MRDA_EMPTY_TABLE(zeGetImageExpProcAddrTable, ze_image_exp_dditable_t, pfnViewCreateExp,
                 MRDA_GROWTH(1_2, ze_image_exp_dditable_t, pfnGetMemoryPropertiesExp))
MRDA_EMPTY_TABLE(zeGetEventExpProcAddrTable, ze_event_exp_dditable_t, pfnQueryTimestampsExp,
                 MRDA_GROWTH(1_2, ze_event_exp_dditable_t, pfnQueryTimestampsExp))
MRDA_EMPTY_TABLE(zeGetKernelExpProcAddrTable, ze_kernel_exp_dditable_t, pfnSchedulingHintExp,
                 MRDA_GROWTH(1_1, ze_kernel_exp_dditable_t, pfnSetGlobalOffsetExp),
                 MRDA_GROWTH(1_2, ze_kernel_exp_dditable_t, pfnSchedulingHintExp))
MRDA_EMPTY_TABLE(zeGetSamplerProcAddrTable, ze_sampler_dditable_t, pfnDestroy)
MRDA_EMPTY_TABLE(zeGetPhysicalMemProcAddrTable, ze_physical_mem_dditable_t, pfnDestroy)
MRDA_EMPTY_TABLE(zeGetVirtualMemProcAddrTable, ze_virtual_mem_dditable_t, pfnGetAccessAttribute)
MRDA_EMPTY_TABLE(zeGetFabricVertexExpProcAddrTable, ze_fabric_vertex_exp_dditable_t,
                 pfnGetDeviceExp, MRDA_GROWTH(1_4, ze_fabric_vertex_exp_dditable_t, pfnGetExp))
MRDA_EMPTY_TABLE(zeGetFabricEdgeExpProcAddrTable, ze_fabric_edge_exp_dditable_t,
                 pfnGetPropertiesExp, MRDA_GROWTH(1_4, ze_fabric_edge_exp_dditable_t, pfnGetExp))

MRDA_EMPTY_TABLE(zetGetDeviceProcAddrTable, zet_device_dditable_t, pfnGetDebugProperties)
MRDA_EMPTY_TABLE(zetGetContextProcAddrTable, zet_context_dditable_t, pfnActivateMetricGroups)
MRDA_EMPTY_TABLE(zetGetCommandListProcAddrTable, zet_command_list_dditable_t,
                 pfnAppendMetricMemoryBarrier)
MRDA_EMPTY_TABLE(zetGetModuleProcAddrTable, zet_module_dditable_t, pfnGetDebugInfo)
MRDA_EMPTY_TABLE(zetGetKernelProcAddrTable, zet_kernel_dditable_t, pfnGetProfileInfo)
MRDA_EMPTY_TABLE(zetGetMetricGroupProcAddrTable, zet_metric_group_dditable_t,
                 pfnCalculateMetricValues)
MRDA_EMPTY_TABLE(zetGetMetricGroupExpProcAddrTable, zet_metric_group_exp_dditable_t,
                 pfnCalculateMultipleMetricValuesExp,
                 MRDA_GROWTH(1_2, zet_metric_group_exp_dditable_t,
                             pfnCalculateMultipleMetricValuesExp))
MRDA_EMPTY_TABLE(zetGetMetricProcAddrTable, zet_metric_dditable_t, pfnGetProperties)
MRDA_EMPTY_TABLE(zetGetMetricStreamerProcAddrTable, zet_metric_streamer_dditable_t, pfnReadData)
MRDA_EMPTY_TABLE(zetGetMetricQueryPoolProcAddrTable, zet_metric_query_pool_dditable_t, pfnDestroy)
MRDA_EMPTY_TABLE(zetGetMetricQueryProcAddrTable, zet_metric_query_dditable_t, pfnGetData)
MRDA_EMPTY_TABLE(zetGetTracerExpProcAddrTable, zet_tracer_exp_dditable_t, pfnSetEnabled)
MRDA_EMPTY_TABLE(zetGetDebugProcAddrTable, zet_debug_dditable_t, pfnWriteRegisters)

MRDA_EMPTY_TABLE(zesGetDriverProcAddrTable, zes_driver_dditable_t, pfnEventListenEx,
                 MRDA_GROWTH(1_1, zes_driver_dditable_t, pfnEventListenEx))
// Version 1.3 put pfnGetCardPowerDomain between the others.
MRDA_EMPTY_TABLE(zesGetDeviceProcAddrTable, zes_device_dditable_t, pfnSetEccState,
                 Growth{ZE_API_VERSION_1_3, offsetof(zes_device_dditable_t, pfnEccAvailable) -
                                                sizeof(zes_device_dditable_t::pfnEnumPsus)},
                 MRDA_GROWTH(1_4, zes_device_dditable_t, pfnEccAvailable))
MRDA_EMPTY_TABLE(zesGetSchedulerProcAddrTable, zes_scheduler_dditable_t, pfnSetComputeUnitDebugMode)
MRDA_EMPTY_TABLE(zesGetPerformanceFactorProcAddrTable, zes_performance_factor_dditable_t,
                 pfnSetConfig)
MRDA_EMPTY_TABLE(zesGetPowerProcAddrTable, zes_power_dditable_t, pfnSetLimitsExt,
                 MRDA_GROWTH(1_4, zes_power_dditable_t, pfnGetLimitsExt))
MRDA_EMPTY_TABLE(zesGetFrequencyProcAddrTable, zes_frequency_dditable_t, pfnOcSetTjMax)
MRDA_EMPTY_TABLE(zesGetEngineProcAddrTable, zes_engine_dditable_t, pfnGetActivity)
MRDA_EMPTY_TABLE(zesGetStandbyProcAddrTable, zes_standby_dditable_t, pfnSetMode)
MRDA_EMPTY_TABLE(zesGetFirmwareProcAddrTable, zes_firmware_dditable_t, pfnFlash)
MRDA_EMPTY_TABLE(zesGetMemoryProcAddrTable, zes_memory_dditable_t, pfnGetBandwidth)
MRDA_EMPTY_TABLE(zesGetFabricPortProcAddrTable, zes_fabric_port_dditable_t, pfnGetThroughput)
MRDA_EMPTY_TABLE(zesGetTemperatureProcAddrTable, zes_temperature_dditable_t, pfnGetState)
MRDA_EMPTY_TABLE(zesGetPsuProcAddrTable, zes_psu_dditable_t, pfnGetState)
MRDA_EMPTY_TABLE(zesGetFanProcAddrTable, zes_fan_dditable_t, pfnGetState)
MRDA_EMPTY_TABLE(zesGetLedProcAddrTable, zes_led_dditable_t, pfnSetColor)
MRDA_EMPTY_TABLE(zesGetRasProcAddrTable, zes_ras_dditable_t, pfnGetState)
MRDA_EMPTY_TABLE(zesGetDiagnosticsProcAddrTable, zes_diagnostics_dditable_t, pfnRunTests)

}  // extern "C"
