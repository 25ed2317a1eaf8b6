// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "vm_devices.h"

namespace mrda::ctl {

/// Becomes `command`, a QEMU, with the VM's devices on its command line; returns only on failure.
/// `plain`: memory alone, as descriptors that QEMU inherits, with a connection to the doorbell
/// holder of `runtime_dir` that tells it how long the machine lives.
/// Errors: busy (a machine has a device), not_found (no holder, no such program), what it says.
Error run_vm(const std::vector<VmDevice>& devices, bool plain, const std::string& runtime_dir,
             std::vector<std::string> command);

}  // namespace mrda::ctl
