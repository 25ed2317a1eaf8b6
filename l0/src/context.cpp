// SPDX-License-Identifier: MIT
#include "mrda/l0/context.h"

#include <cstdlib>
#include <map>
#include <mutex>

#include "held_objects.h"
#include "ze_error.h"

namespace mrda::l0 {

namespace {

std::optional<PciAddress> pci_address_of(ze_device_handle_t device) {
    ze_pci_ext_properties_t properties{};
    properties.stype = ZE_STRUCTURE_TYPE_PCI_EXT_PROPERTIES;
    // An extension: a driver without it has no address to tell.
    if (zeDevicePciGetPropertiesExt(device, &properties) != ZE_RESULT_SUCCESS) {
        return std::nullopt;
    }
    const ze_pci_address_ext_t& found = properties.address;
    return PciAddress{found.domain, found.bus, found.device, found.function};
}

Result<DeviceInfo> describe_device(ze_device_handle_t device) {
    ze_device_properties_t properties{};
    properties.stype = ZE_STRUCTURE_TYPE_DEVICE_PROPERTIES;
    MRDA_ZE_TRY(zeDeviceGetProperties, (device, &properties), "cannot describe a device");
    DeviceInfo info;
    info.name = properties.name;
    info.vendor_id = properties.vendorId;
    info.device_id = properties.deviceId;
    info.max_allocation_bytes = properties.maxMemAllocSize;
    info.pci = pci_address_of(device);
    ze_device_external_memory_properties_t external{};
    external.stype = ZE_STRUCTURE_TYPE_DEVICE_EXTERNAL_MEMORY_PROPERTIES;
    if (zeDeviceGetExternalMemoryProperties(device, &external) == ZE_RESULT_SUCCESS) {
        constexpr auto kDmaBuf = ZE_EXTERNAL_MEMORY_TYPE_FLAG_DMA_BUF;
        info.exports_dma_buf = (external.memoryAllocationExportTypes & kDmaBuf) != 0;
        info.imports_dma_buf = (external.memoryAllocationImportTypes & kDmaBuf) != 0;
    }
    return info;
}

std::string text_of(const DeviceInfo& info) {
    return std::to_string(info.index) + " = " + info.name +
           (info.pci ? " at " + mrda::to_string(*info.pci) : std::string(", no PCI address"));
}

template <typename Handle, typename Get>
Result<std::vector<Handle>> get_all(const char* call, const char* message, Get get) {
    std::uint32_t count = 0;
    if (const ze_result_t result = get(&count, nullptr); result != ZE_RESULT_SUCCESS) {
        return ze_error(call, result, message);
    }
    std::vector<Handle> handles(count);
    if (count != 0) {
        if (const ze_result_t result = get(&count, handles.data()); result != ZE_RESULT_SUCCESS) {
            return ze_error(call, result, message);
        }
        handles.resize(count);
    }
    return handles;
}

/// Intel's driver has one descriptor of the node for all contexts on a device, and so one handle of
/// an object for all who have it. Version 22.43 closes that handle with the first of them, and
/// aborts the process with the second.
std::shared_ptr<HeldObjects> held_on(ze_device_handle_t device) {
    static std::mutex mutex;
    static auto& known = *new std::map<ze_device_handle_t, std::weak_ptr<HeldObjects>>();
    const std::lock_guard lock(mutex);
    auto held = known[device].lock();
    if (!held) {
        held = std::make_shared<HeldObjects>();
        known[device] = held;
    }
    return held;
}

}  // namespace

void ContextPolicy::close(Handle context) {
    zeContextDestroy(context);
}

struct Context::Found {
    DeviceInfo info;
    ze_driver_handle_t driver;
    ze_device_handle_t device;
};

Result<std::vector<Context::Found>> Context::find_devices() {
    if (const ze_result_t result = zeInit(ZE_INIT_FLAG_GPU_ONLY); result != ZE_RESULT_SUCCESS) {
        const char* alternative = std::getenv("ZE_ENABLE_ALT_DRIVERS");
        return ze_error(
            "zeInit", result,
            "the Level Zero loader found no driver that works (" +
                (alternative != nullptr ? "ZE_ENABLE_ALT_DRIVERS=" + std::string(alternative)
                                        : std::string("none named in ZE_ENABLE_ALT_DRIVERS")) +
                "); for an Intel GPU install intel-opencl-icd, or a newer one where it is older "
                "than "
                "the GPU; without a GPU use the software platform");
    }
    MRDA_ASSIGN(const auto drivers,
                get_all<ze_driver_handle_t>(
                    "zeDriverGet", "cannot list drivers",
                    [](std::uint32_t* n, ze_driver_handle_t* out) { return zeDriverGet(n, out); }));
    std::vector<Found> found;
    for (ze_driver_handle_t driver : drivers) {
        MRDA_ASSIGN(const auto devices,
                    get_all<ze_device_handle_t>("zeDeviceGet", "cannot list devices",
                                                [&](std::uint32_t* n, ze_device_handle_t* out) {
                                                    return zeDeviceGet(driver, n, out);
                                                }));
        for (ze_device_handle_t device : devices) {
            MRDA_ASSIGN(DeviceInfo info, describe_device(device));
            info.index = static_cast<std::uint32_t>(found.size());
            found.push_back({std::move(info), driver, device});
        }
    }
    return found;
}

Result<std::vector<DeviceInfo>> Context::list_devices() {
    MRDA_ASSIGN(const std::vector<Found> found, find_devices());
    std::vector<DeviceInfo> devices;
    for (const Found& one : found) {
        devices.push_back(one.info);
    }
    return devices;
}

Result<Context> Context::open(const PciAddress& address) {
    MRDA_ASSIGN(const std::vector<Found> found, find_devices());
    std::string there;
    for (const Found& one : found) {
        if (one.info.pci == address) {
            return open(one);
        }
        there += "\n  " + text_of(one.info);
    }
    return make_error(Errc::not_found, "no Level Zero device at " + mrda::to_string(address) +
                                           "; there " +
                                           (there.empty() ? "is none" : "are:" + there));
}

Result<Context> Context::open(std::uint32_t index) {
    MRDA_ASSIGN(const std::vector<Found> found, find_devices());
    if (index >= found.size()) {
        return make_error(Errc::not_found, "no Level Zero device number " + std::to_string(index) +
                                               "; there are " + std::to_string(found.size()));
    }
    return open(found[index]);
}

Result<Context> Context::open(const Found& found) {
    if (found.info.max_allocation_bytes == 0) {
        // Intel's driver goes on where the kernel did not answer it, with a device of no memory.
        return Error{Errc::device_lost, Api::ze, ZE_RESULT_ERROR_UNINITIALIZED,
                     "zeDeviceGetProperties",
                     found.info.name +
                         " says that it can allocate nothing: its driver could not ask the kernel "
                         "about its memory; start the program anew"};
    }
    ze_context_desc_t description{};
    description.stype = ZE_STRUCTURE_TYPE_CONTEXT_DESC;
    ze_context_handle_t handle = nullptr;
    MRDA_ZE_TRY(zeContextCreate, (found.driver, &description, &handle),
                "cannot make a context on " + found.info.name);
    Context context;
    context.info_ = found.info;
    context.driver_ = found.driver;
    context.device_ = found.device;
    context.context_.reset(handle);
    context.held_ = found.info.pci ? held_on(found.device) : std::make_shared<HeldObjects>();
    return context;
}

void Context::describe(PathFacts& facts) const {
    facts.export_dma_buf = info_.exports_dma_buf
                               ? Refusal()
                               : info_.name + " does not export memory allocations as DMA-BUFs";
    facts.import_usm = info_.imports_dma_buf
                           ? Refusal()
                           : info_.name + " does not import DMA-BUFs as memory allocations";
}

}  // namespace mrda::l0
