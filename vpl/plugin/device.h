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

/// Errors: as vaapi::Display::open_at().
Result<Device> open_device(const std::string& address);

}  // namespace mrda::vpl::plugin
