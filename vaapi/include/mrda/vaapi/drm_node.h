// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "mrda/interop/path.h"
#include "mrda/interop/pci_address.h"
#include "mrda/interop/result.h"

namespace mrda::vaapi {

/// A GPU's render node, as the kernel shows it.
struct RenderNode {
    std::string path;    ///< "/dev/dri/renderD128"
    std::string driver;  ///< The kernel's: "i915", "xe", …
    PciAddress pci;
    Refusal usable;  ///< Why this user cannot open it, and the mend; nothing: it opens.
};

/// The render nodes of PCI devices, by address. `root` stands before /sys and /dev, for tests.
/// Does not open a node. Errors: not_found (none; the message says what to look at).
Result<std::vector<RenderNode>> list_render_nodes(const std::string& root = "");

/// The node to take where nobody named one: the first of Intel's kernel drivers (i915, xe) that
/// this user may open, else the first of them, else the first of all. Errors: as
/// list_render_nodes().
Result<RenderNode> default_render_node(const std::string& root = "");

/// The node of the device at `address`. Errors: not_found, listing what there is.
Result<RenderNode> find_render_node(const PciAddress& address, const std::string& root = "");

}  // namespace mrda::vaapi
