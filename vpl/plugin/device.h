// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "mrda/interop/pci_address.h"
#include "mrda/interop/result.h"
#include "mrda/vaapi/display.h"

namespace mrda::vpl::plugin {

struct Device {
    std::optional<PciAddress> pci;  ///< Nothing: the software device.
    vaapi::Display display;
};

/// `address` is a PCI address; where it is empty, the software device if the loaders were pointed
/// at its drivers, else the first GPU. Errors: invalid_argument (no address), what
/// vaapi::Display::open says.
Result<Device> open_device(const std::string& address);

}  // namespace mrda::vpl::plugin
