// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <exception>
#include <new>
#include <span>
#include <string>

#include "mrda/interop/result.h"
#include "mrda/media/loaded_plugin.h"
#include "mrda/media/parameters.h"

namespace mrda::plugins {

/// What a C function returns for what `call` did: its MRDA_MEDIA_* status, or its error told in
/// `error`. No exception leaves it.
template <typename Call>
int answer(mrda_media_error* error, const Call& call) noexcept {
    try {
        const Result<int> status = call();
        return status.ok() ? *status : media::fail(status.error(), error);
    } catch (const std::bad_alloc&) {
        media::copy_text(error->message, "out of memory");  // Words that need none.
        return -1 - static_cast<int>(Errc::out_of_memory);
    } catch (const std::exception& problem) {
        media::copy_text(error->message, problem.what());
        return -1 - static_cast<int>(Errc::internal);
    }
}

/// The same for C functions that have no error to tell: what fails is left undone.
template <typename Call>
void attempt(const Call& call) noexcept {
    try {
        call();
    } catch (const std::exception&) {
        return;
    }
}

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
