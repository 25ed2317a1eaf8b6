// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "device_files.h"
#include "mrda/interop/result.h"
#include "vm.h"

namespace mrda::service {

/// Has the VM's devices, where it has any that are not open: its files, or the holder's regions.
/// `made`: those of which the holder had none before, also where it fails. Errors: unsupported
/// (there is no holder), not_found (a user), and the files' and the holder's.
Result<void> open_devices(Vm& vm, std::vector<std::string>& made);
Result<void> open_devices(Vm& vm);

/// Errors: busy, if a machine sees memory that would be no session's any more.
Result<void> check_no_machine(const Vm& vm);

struct SessionRegions {
    std::shared_ptr<SharedRegion> input;
    std::shared_ptr<SharedRegion> output;
};
/// The VM's memory for one session. Empty paths: what is configured for it, else its memfd. Others
/// must be exactly what is configured. Errors: permission_denied (naming the path), and what making
/// or opening says.
Result<SessionRegions> regions_of(Vm& vm, const std::string& in_path, const std::string& out_path);

}  // namespace mrda::service
