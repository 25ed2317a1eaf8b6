// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mrda/interop/owned.h"
#include "mrda/interop/path.h"
#include "mrda/interop/pci_address.h"
#include "mrda/interop/result.h"

namespace mrda::l0 {

class HeldObjects;

/// A device as its driver describes it.
struct DeviceInfo {
    std::uint32_t index = 0;  ///< Among all devices of all drivers, in the loader's order.
    std::string name;
    std::uint32_t vendor_id = 0;
    std::uint32_t device_id = 0;
    std::optional<PciAddress>
        pci;  ///< Nothing: the driver says none (the software device has none).
    std::uint64_t max_allocation_bytes = 0;
    bool exports_dma_buf = false;  ///< zeDeviceGetExternalMemoryProperties: memory allocations.
    bool imports_dma_buf = false;
};

struct ContextPolicy {
    using Handle = ze_context_handle_t;
    static Handle null() { return nullptr; }
    static void close(Handle context);
};

/// One device and a context on it. Everything made from a Context must die before it. Const calls
/// may be made from several threads at once, as Level Zero itself allows.
class Context {
  public:
    /// Every device of every driver that the loader finds. Errors: not_found (no loader, no driver;
    /// the message says what to install), and what a driver returned.
    static Result<std::vector<DeviceInfo>> list_devices();

    /// Errors: not_found, listing the devices there are; what the driver returned.
    static Result<Context> open(const PciAddress& address);
    static Result<Context> open(std::uint32_t index);

    [[nodiscard]] const DeviceInfo& info() const { return info_; }

    /// Borrowed handles, for calls that the toolkit does not wrap.
    [[nodiscard]] ze_context_handle_t handle() const { return context_.get(); }
    [[nodiscard]] ze_device_handle_t device() const { return device_; }
    [[nodiscard]] ze_driver_handle_t driver() const { return driver_; }

    /// Fills `export_dma_buf` and `import_usm` with what this device says of itself.
    void describe(PathFacts& facts) const;

    /// Objects that UsmBuffer::import refuses: on a GPU, what any context of this process has
    /// exported or imported on the device; else what this context has exported.
    [[nodiscard]] const std::shared_ptr<HeldObjects>& held_objects() const { return held_; }

  private:
    struct Found;
    static Result<std::vector<Found>> find_devices();
    static Result<Context> open(const Found& found);

    DeviceInfo info_;
    ze_driver_handle_t driver_ = nullptr;
    ze_device_handle_t device_ = nullptr;
    Owned<ContextPolicy> context_;
    std::shared_ptr<HeldObjects> held_;
};

}  // namespace mrda::l0
