// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/session_layout.h"
#include "mrda/v1/sessions.pb.h"
#include "worker_protocol.h"

namespace mrda::service {

/// Which plugin has the codecs, where a guest names none.
inline constexpr const char* kDefaultPlugin = "vpl";

/// A request to create a session, checked: everything that can be refused without a device has
/// been.
struct SessionPlan {
    EncodeParams params;
    FrameLayout frame;
    ivshmem::SessionLayout layout;
    std::vector<std::string> notices;  ///< What was changed of what was asked.

    [[nodiscard]] std::uint64_t pixels_per_second() const;
};

/// Errors: invalid_argument (the message names field and value), unsupported (format; wire version,
/// both ranges named).
Result<SessionPlan> plan_session(const v1::CreateRequest& request);

}  // namespace mrda::service
