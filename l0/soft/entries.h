// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>
#include <level_zero/ze_ddi.h>

#include <type_traits>

/// Every entry point that the driver implements, with the signature that its slot in the loader's
/// table has. tables.cpp puts them there; what is not here stays null and the loader answers for
/// it.
namespace mrda::ze_soft::entry {

template <typename Slot>
using Entry = std::remove_pointer_t<Slot>;

// driver.cpp
Entry<ze_pfnInit_t> init;
Entry<ze_pfnDriverGet_t> driver_get;
Entry<ze_pfnDriverGetApiVersion_t> driver_get_api_version;
Entry<ze_pfnDriverGetProperties_t> driver_get_properties;
Entry<ze_pfnDriverGetIpcProperties_t> driver_get_ipc_properties;
Entry<ze_pfnDriverGetExtensionProperties_t> driver_get_extension_properties;

// device.cpp
Entry<ze_pfnDeviceGet_t> device_get;
Entry<ze_pfnDeviceGetSubDevices_t> device_get_sub_devices;
Entry<ze_pfnDeviceGetProperties_t> device_get_properties;
Entry<ze_pfnDeviceGetComputeProperties_t> device_get_compute_properties;
Entry<ze_pfnDeviceGetModuleProperties_t> device_get_module_properties;
Entry<ze_pfnDeviceGetCommandQueueGroupProperties_t> device_get_command_queue_group_properties;
Entry<ze_pfnDeviceGetMemoryProperties_t> device_get_memory_properties;
Entry<ze_pfnDeviceGetMemoryAccessProperties_t> device_get_memory_access_properties;
Entry<ze_pfnDeviceGetCacheProperties_t> device_get_cache_properties;
Entry<ze_pfnDeviceGetImageProperties_t> device_get_image_properties;
Entry<ze_pfnDeviceGetExternalMemoryProperties_t> device_get_external_memory_properties;
Entry<ze_pfnDeviceGetP2PProperties_t> device_get_p2p_properties;
Entry<ze_pfnDeviceCanAccessPeer_t> device_can_access_peer;
Entry<ze_pfnDeviceGetStatus_t> device_get_status;
Entry<ze_pfnDeviceGetGlobalTimestamps_t> device_get_global_timestamps;
Entry<ze_pfnDevicePciGetPropertiesExt_t> device_pci_get_properties;

// context.cpp
Entry<ze_pfnContextCreate_t> context_create;
Entry<ze_pfnContextCreateEx_t> context_create_ex;
Entry<ze_pfnContextDestroy_t> context_destroy;
Entry<ze_pfnContextGetStatus_t> context_get_status;

// memory.cpp
Entry<ze_pfnMemAllocShared_t> mem_alloc_shared;
Entry<ze_pfnMemAllocDevice_t> mem_alloc_device;
Entry<ze_pfnMemAllocHost_t> mem_alloc_host;
Entry<ze_pfnMemFree_t> mem_free;
Entry<ze_pfnMemGetAllocProperties_t> mem_get_alloc_properties;
Entry<ze_pfnMemGetAddressRange_t> mem_get_address_range;

// ipc.cpp
Entry<ze_pfnMemGetIpcHandle_t> mem_get_ipc_handle;
Entry<ze_pfnMemOpenIpcHandle_t> mem_open_ipc_handle;
Entry<ze_pfnMemCloseIpcHandle_t> mem_close_ipc_handle;

// command_queue.cpp
Entry<ze_pfnCommandQueueCreate_t> command_queue_create;
Entry<ze_pfnCommandQueueDestroy_t> command_queue_destroy;
Entry<ze_pfnCommandQueueExecuteCommandLists_t> command_queue_execute_command_lists;
Entry<ze_pfnCommandQueueSynchronize_t> command_queue_synchronize;

// command_list.cpp
Entry<ze_pfnCommandListCreate_t> command_list_create;
Entry<ze_pfnCommandListCreateImmediate_t> command_list_create_immediate;
Entry<ze_pfnCommandListDestroy_t> command_list_destroy;
Entry<ze_pfnCommandListClose_t> command_list_close;
Entry<ze_pfnCommandListReset_t> command_list_reset;

// append.cpp
Entry<ze_pfnCommandListAppendWriteGlobalTimestamp_t> append_write_global_timestamp;
Entry<ze_pfnCommandListAppendBarrier_t> append_barrier;
Entry<ze_pfnCommandListAppendMemoryRangesBarrier_t> append_memory_ranges_barrier;
Entry<ze_pfnCommandListAppendMemoryCopy_t> append_memory_copy;
Entry<ze_pfnCommandListAppendMemoryFill_t> append_memory_fill;
Entry<ze_pfnCommandListAppendMemoryCopyRegion_t> append_memory_copy_region;
Entry<ze_pfnCommandListAppendSignalEvent_t> append_signal_event;
Entry<ze_pfnCommandListAppendWaitOnEvents_t> append_wait_on_events;
Entry<ze_pfnCommandListAppendEventReset_t> append_event_reset;

// launch.cpp
Entry<ze_pfnCommandListAppendLaunchKernel_t> append_launch_kernel;
Entry<ze_pfnCommandListAppendLaunchKernelIndirect_t> append_launch_kernel_indirect;

// module.cpp
Entry<ze_pfnModuleCreate_t> module_create;
Entry<ze_pfnModuleDestroy_t> module_destroy;
Entry<ze_pfnModuleGetNativeBinary_t> module_get_native_binary;
Entry<ze_pfnModuleGetGlobalPointer_t> module_get_global_pointer;
Entry<ze_pfnModuleGetKernelNames_t> module_get_kernel_names;
Entry<ze_pfnModuleGetProperties_t> module_get_properties;
Entry<ze_pfnModuleGetFunctionPointer_t> module_get_function_pointer;
Entry<ze_pfnModuleBuildLogDestroy_t> module_build_log_destroy;
Entry<ze_pfnModuleBuildLogGetString_t> module_build_log_get_string;

// kernel_entries.cpp
Entry<ze_pfnKernelCreate_t> kernel_create;
Entry<ze_pfnKernelDestroy_t> kernel_destroy;
Entry<ze_pfnKernelSetCacheConfig_t> kernel_set_cache_config;
Entry<ze_pfnKernelSetGroupSize_t> kernel_set_group_size;
Entry<ze_pfnKernelSuggestGroupSize_t> kernel_suggest_group_size;
Entry<ze_pfnKernelSuggestMaxCooperativeGroupCount_t> kernel_suggest_max_cooperative_group_count;
Entry<ze_pfnKernelSetArgumentValue_t> kernel_set_argument_value;
Entry<ze_pfnKernelSetIndirectAccess_t> kernel_set_indirect_access;
Entry<ze_pfnKernelGetIndirectAccess_t> kernel_get_indirect_access;
Entry<ze_pfnKernelGetProperties_t> kernel_get_properties;
Entry<ze_pfnKernelGetName_t> kernel_get_name;

// fence.cpp
Entry<ze_pfnFenceCreate_t> fence_create;
Entry<ze_pfnFenceDestroy_t> fence_destroy;
Entry<ze_pfnFenceHostSynchronize_t> fence_host_synchronize;
Entry<ze_pfnFenceQueryStatus_t> fence_query_status;
Entry<ze_pfnFenceReset_t> fence_reset;

// event.cpp
Entry<ze_pfnEventPoolCreate_t> event_pool_create;
Entry<ze_pfnEventPoolDestroy_t> event_pool_destroy;
Entry<ze_pfnEventCreate_t> event_create;
Entry<ze_pfnEventDestroy_t> event_destroy;
Entry<ze_pfnEventHostSignal_t> event_host_signal;
Entry<ze_pfnEventHostSynchronize_t> event_host_synchronize;
Entry<ze_pfnEventQueryStatus_t> event_query_status;
Entry<ze_pfnEventHostReset_t> event_host_reset;
Entry<ze_pfnEventQueryKernelTimestamp_t> event_query_kernel_timestamp;

}  // namespace mrda::ze_soft::entry
