// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mrda/interop/fd.h"
#include "mrda/interop/pci_address.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/region.h"
#include "mrda/ivshmem/region_header.h"

namespace mrda::ivshmem {

class VfioDevice;

/// Where Linux shows PCI devices, and vfio its nodes: other places in tests.
struct PciPaths {
    std::string devices = "/sys/bus/pci/devices";
    std::string vfio = "/dev/vfio";
};

/// The addresses of all IVSHMEM devices (1af4:1110) of this machine, now: one that is plugged in
/// later is found by a later call. In order.
std::vector<PciAddress> list_ivshmem_devices(const PciPaths& paths = {});

/// An IVSHMEM device as a virtual machine's program has it, through files of sysfs: no driver is
/// needed, but the right to open them. Any thread.
class PciDevice {
  public:
    /// Enables the device where no driver has. Errors: not_found (there is none at `address`),
    /// unsupported (it is another device), permission_denied (naming the file), busy (vfio-pci has
    /// it, and another process has opened it there), io.
    static Result<std::unique_ptr<PciDevice>> open(const PciAddress& address,
                                                   const PciPaths& paths = {});
    ~PciDevice();
    PciDevice(const PciDevice&) = delete;
    PciDevice& operator=(const PciDevice&) = delete;

    [[nodiscard]] const PciAddress& address() const { return address_; }
    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
    /// A copy of its region's first page. Whatever lies there: see is_region_header().
    [[nodiscard]] Result<RegionHeader> header() const;
    /// For mapping an extent of it whose first `control_bytes` are control words. Borrowed.
    [[nodiscard]] RegionView view(std::uint64_t control_bytes) const;
    /// Slots are mapped write-combined.
    [[nodiscard]] bool combines_writes() const { return slots_.get() >= 0; }

    /// Whether it has registers that ring, and interrupts (ivshmem-doorbell).
    [[nodiscard]] bool has_doorbell() const { return registers_ != nullptr; }
    /// From now on ringing a device that was pulled out does nothing, where it would be SIGBUS.
    /// What else was mapped of it is the mappings' to guard (see bus_guard.h). Errors: as BusGuard.
    Result<void> survive_removal();
    /// Interrupts whoever is `peer` by its `vector`. Does not wait. A bug without a doorbell.
    void ring(std::uint16_t peer, std::uint16_t vector) const;

    /// An eventfd that counts interrupts of `vector`, for one user at a time.
    /// Errors: unsupported (no doorbell; not bound to vfio-pci, with what to do; no such vector).
    [[nodiscard]] Result<Fd> interrupt(std::uint16_t vector) const;
    /// A descriptor of the caller's own, which can be read when the machine wants the device back,
    /// or it may be gone: ask is_there(). It is a netlink socket, whose messages are to be
    /// received, or vfio's eventfd, which is everybody's and must not be read. Errors: exhausted,
    /// io.
    [[nodiscard]] Result<Fd> removal_events() const;
    /// False from the moment when it was asked back, or was gone; does not wait. A device that was
    /// plugged into its place is another one.
    [[nodiscard]] bool is_there() const;

  private:
    class Registers;

    PciDevice(const PciAddress& address, std::string folder);
    Result<void> open_memory();

    PciAddress address_;
    std::string folder_;
    std::uint64_t size_bytes_ = 0;
    Fd control_;  // The memory: uncached, for control words.
    Fd slots_;    // The same write-combined; none where the device does not offer it.
    std::unique_ptr<Registers> registers_;  // Null: ivshmem-plain.
    std::unique_ptr<VfioDevice> vfio_;      // Null: vfio-pci does not have it.
    std::uint64_t place_ = 0;               // Of its folder, which no later one has again.
};

/// A device that all its users in this process share: vfio gives each to one process, once. Where
/// the last of them just lets go of it, waits until it is closed. Errors: as PciDevice::open().
Result<std::shared_ptr<PciDevice>> share_ivshmem_device(const PciAddress& address,
                                                        const PciPaths& paths = {});

}  // namespace mrda::ivshmem
