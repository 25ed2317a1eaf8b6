// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "stream_call.h"

namespace mrda::service {

/// Serves mrda.v1.Sessions/Wake.
void serve_wake(std::shared_ptr<const StreamMethod> method);

}  // namespace mrda::service
