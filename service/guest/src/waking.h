// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "control.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/pci_device.h"
#include "mrda/ivshmem/wakeup.h"
#include "removal_watch.h"

namespace mrda::guest::core {

/// What was agreed on, as this guest does it: `device` is the session's in device, or null, and
/// `removal` watches all its devices, or is null. One that is wanted back, or gone, ends every
/// sleep. Errors: corrupt (an agreement that cannot be carried out), and what PciDevice says.
Result<std::unique_ptr<ivshmem::Wakeup>> wakeup_of(
    const v1::WakeAgreement& agreed, const std::shared_ptr<ivshmem::PciDevice>& device,
    Control& control, std::uint64_t session, const std::shared_ptr<RemovalWatch>& removal);

/// The agreement for people.
std::string words_of(const v1::WakeAgreement& agreed);

}  // namespace mrda::guest::core
