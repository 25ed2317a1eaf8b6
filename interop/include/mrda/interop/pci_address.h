// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mrda/interop/result.h"

namespace mrda {

/// Where a device sits: what joins one GPU's Level Zero device, render node and oneVPL
/// implementation.
struct PciAddress {
    std::uint32_t domain = 0;
    std::uint32_t bus = 0;
    std::uint32_t device = 0;
    std::uint32_t function = 0;

    bool operator==(const PciAddress&) const = default;
};

/// "0000:03:00.0", or "03:00.0" in domain 0. Errors: invalid_argument.
Result<PciAddress> parse_pci_address(std::string_view text);
/// As the kernel writes it: "0000:03:00.0".
std::string to_string(const PciAddress& address);

}  // namespace mrda
