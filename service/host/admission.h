// SPDX-License-Identifier: MIT
#pragma once

#include "encode_request.h"
#include "resource_manager.h"
#include "vm.h"

namespace mrda::service {

/// Takes one create() out of the VM's bucket, which holds a second's worth. Errors: exhausted.
Result<void> take_create_credit(Vm& vm);

/// Where a session may run, within the caps of its VM and the machine's. Reserves nothing.
/// Errors: exhausted (which cap).
Result<Placement> admit(const Vm& vm, const SessionPlan& plan, ResourceManager& resources);

}  // namespace mrda::service
