// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "mrda/v1/sessions.pb.h"
#include "session.h"

namespace mrda::service {

/// Where a session's guest gets its regions: each by a token at the socket, unless it is a file.
struct RegionAccess {
    std::string socket_path;
    std::string input_token;
    std::string output_token;
};

/// What a guest is told of a session whose worker is ready. It has its memory and its wake.
v1::CreateReply create_reply(const Session& session, const SessionSettings& settings,
                             const RegionAccess& access);

}  // namespace mrda::service
