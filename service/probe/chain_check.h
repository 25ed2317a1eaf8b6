// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "mrda/interop/pci_address.h"
#include "mrda/interop/platform.h"
#include "mrda/interop/result.h"

namespace mrda::probe {

/// Walks the whole chain once, with one small frame: USM, DMA-BUF, VA surface, an encoded picture.
/// On a GPU, `device` or else the first render node's. Returns what works, for people.
/// Errors: the first step that fails, with its mend.
Result<std::string> check_chain(Platform platform, const std::optional<PciAddress>& device);

}  // namespace mrda::probe
