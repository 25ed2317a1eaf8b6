// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/ivshmem/pci_device.h"
#include "mrda/v1/sessions.pb.h"

namespace mrda::guest::core {

/// How this guest reaches the memory that the service names.
struct Reach {
    /// Through IVSHMEM devices of the virtual machine that it runs in, and not through paths and
    /// sockets of the service's own system.
    bool by_device = false;
    /// Nobody named a device: where none has the region, it may be of the service's own system.
    bool or_own_system = false;
    std::string in_device;   ///< A PCI address or a region's name; empty: whichever has the region.
    std::string out_device;  ///< As in_device.
    std::string wake;        ///< "interrupt", "stream" or "polling"; empty: the best there is.
    bool survive_removal = false;  ///< Of a device, without SIGBUS.
    ivshmem::PciPaths paths;       ///< Where devices are looked for.
};

/// "pci:", "pci:00:05.0" and "pci:NAME" name devices of this machine, and anything else is no such
/// name. Without any name, a guest of a service beyond a unix socket takes devices if it has some.
/// Errors: invalid_argument (one path names a device, and the other something else).
Result<Reach> reach_of(const std::string& in_path, const std::string& out_path,
                       const std::string& wake, const std::string& address,
                       const ivshmem::PciPaths& paths = {});

/// The IVSHMEM devices that this process could use when it looked.
class Devices {
  public:
    static Devices look(const ivshmem::PciPaths& paths = {});

    /// Whether any had a region of MRDA's.
    [[nodiscard]] bool have_regions() const;
    /// Each that was looked at, and what it had; or that there is none.
    [[nodiscard]] std::string words() const;

    /// What may be agreed on for a session whose in device is `in_device` (as in Reach): whichever
    /// device the service chooses can do it, but for interrupts where they are demanded.
    /// Errors: unsupported (`reach.wake` cannot be had, and why).
    Result<v1::WakeOffer> offer(const Reach& reach) const;

    /// The device that has the region which the service told, by its first page as that is now.
    /// Errors: not_found (every device that was looked at is named, and what it had).
    Result<std::shared_ptr<ivshmem::PciDevice>> find(const v1::Region& told,
                                                     const std::string& wanted) const;

  private:
    struct Found {
        std::shared_ptr<ivshmem::PciDevice> device;
        ivshmem::RegionHeader header;
    };
    std::vector<Found> found_;
    std::string refused_;  // Those that cannot be used, and why.
};

}  // namespace mrda::guest::core
