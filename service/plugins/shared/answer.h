// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <span>
#include <string>

#include "mrda/interop/result.h"
#include "mrda/media/answer.h"
#include "mrda/media/loaded_plugin.h"
#include "mrda/media/parameters.h"

namespace mrda::plugins {

using media::answer;
using media::attempt;

/// What the host keeps for a session.
template <typename Session>
struct Data {
    Session* session;
};

template <typename Session>
Session& session_of(void* data) {
    return *static_cast<Data<Session>*>(data)->session;
}

inline std::string text_of(std::span<const char> field) {
    return {field.data(), ::strnlen(field.data(), field.size())};
}

/// Whether a session whose only way is `path` may have the one that was asked for.
inline Result<void> check_path(const mrda_session_config& config, const std::string& path) {
    const std::string asked = text_of(config.path);
    if (!asked.empty() && asked != path) {
        return make_error(Errc::unsupported, "path \"" + asked +
                                                 "\" asked of a codec of processors, which has " +
                                                 path + " alone; leave it empty");
    }
    return {};
}

}  // namespace mrda::plugins
