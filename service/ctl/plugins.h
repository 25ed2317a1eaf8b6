// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "doctor.h"
#include "mrda/interop/result.h"
#include "mrda/v1/admin.pb.h"

namespace mrda::ctl {

/// What the plugins of these folders can do, with no service asked; no folders: MRDA's own. A
/// process of its own loads each; waits for that at most a minute. Errors: not_found (no probe, no
/// folder of MRDA's own), timeout, corrupt.
Result<v1::ListPluginsReply> look_at_plugins(std::vector<std::string> folders);

/// "encoder avc, decoder avc": what a plugin has, for people.
std::string abilities_of(const v1::Plugin& plugin);

/// A row for each plugin of MRDA's own folder.
std::vector<Finding> plugins();

}  // namespace mrda::ctl
