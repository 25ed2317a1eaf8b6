// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "handles.h"
#include "mrda/media/answer.h"
#include "mrda/media/media.h"

namespace mrda::media {

/// As answer() of mrda/media/answer.h, for callers that may not want the words.
template <typename Call>
int answer_if_asked(mrda_media_error* error, const Call& call) noexcept {
    mrda_media_error ignored;
    return answer(error != nullptr ? error : &ignored, call);
}

/// Errors: invalid_argument, naming it.
template <typename T>
Result<void> check_given(const T* pointer, const char* what) {
    if (pointer == nullptr) {
        return make_error(Errc::invalid_argument, std::string(what) + " is null");
    }
    return {};
}

inline std::string text(const char* given) {
    return given == nullptr ? "" : given;
}

}  // namespace mrda::media
