// SPDX-License-Identifier: MIT
#include "device.h"

#include <cstdlib>
#include <string_view>

#include "mrda/interop/platform.h"
#include "mrda/vaapi/drm_node.h"

namespace mrda::vpl::plugin {

namespace {

/// Whoever chose the software platform has told libva so, in the only way that there is.
bool loaders_have_software_drivers() {
    const char* const driver = std::getenv("LIBVA_DRIVER_NAME");
    return driver != nullptr && std::string_view(driver) == kSoftwareVaDriver;
}

Result<vaapi::RenderNode> node_of(const std::string& address) {
    if (address.empty()) {
        return vaapi::default_render_node();
    }
    MRDA_ASSIGN(const PciAddress pci, parse_pci_address(address));
    return vaapi::find_render_node(pci);
}

}  // namespace

Result<Device> open_device(const std::string& address) {
    if (address.empty() && loaders_have_software_drivers()) {
        MRDA_ASSIGN(auto display, vaapi::Display::open_software());
        return Device{std::nullopt, std::move(display)};
    }
    MRDA_ASSIGN(const vaapi::RenderNode node, node_of(address));
    MRDA_ASSIGN(auto display, vaapi::Display::open(node));
    return Device{node.pci, std::move(display)};
}

}  // namespace mrda::vpl::plugin
