// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "mrda/interop/pci_address.h"
#include "mrda/interop/result.h"

namespace mrda::probe {

/// The render nodes, and the Level Zero devices with their engines' and memories' readings; of all
/// devices, or of `only`. What could not be read is there as an "error" with its words. Errors:
/// not_found (no render node of `only`).
Result<nlohmann::json> list_devices(const std::optional<PciAddress>& only);

}  // namespace mrda::probe
