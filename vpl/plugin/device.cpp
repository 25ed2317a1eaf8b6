// SPDX-License-Identifier: MIT
#include "device.h"

namespace mrda::vpl::plugin {

Result<Device> open_device(const std::string& address) {
    MRDA_ASSIGN(auto display, vaapi::Display::open_at(address));
    const auto pci = display.pci();
    return Device{pci, std::move(display)};
}

}  // namespace mrda::vpl::plugin
