// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// As many descriptors as this process may have: connections and regions take what comes.
void raise_descriptor_limit();

/// SIGTERM and SIGINT become something that an EventLoop can watch, SIGPIPE nothing; children can
/// be waited for. Before there is another thread: threads inherit it. Errors: io.
Result<Fd> take_signals();

/// Where this program lies, and those that it starts.
std::string program_dir();

}  // namespace mrda::service
