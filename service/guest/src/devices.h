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
    std::string in_device;   ///< A PCI address or a region's name; empty: whichever has the region.
    std::string out_device;  ///< As in_device.
    std::string wake;        ///< "interrupt", "stream" or "polling"; empty: the best there is.
    bool survive_removal = false;  ///< Of a device, without SIGBUS.
};

/// "pci:", "pci:00:05.0" and "pci:NAME" name devices of this machine, and anything else is no such
/// name. Without any name, a guest of a service beyond a unix socket takes devices if it has some.
Reach reach_of(const std::string& in_path, const std::string& out_path, const std::string& wake,
               const std::string& address);

/// The IVSHMEM devices that this process can use now.
class Devices {
  public:
    static Devices look();

    /// What may be agreed on for a session whose in device is `in_device` (as in Reach).
    /// Errors: unsupported (`reach.wake` cannot be had, and why).
    Result<v1::WakeOffer> offer(const Reach& reach) const;

    /// The device that has the region which the service told. Errors: not_found (every device that
    /// was looked at is named, and what it has).
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
