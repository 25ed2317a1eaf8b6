// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <new>

#include "handles.h"
#include "mrda/media/media.h"

namespace mrda::media {

/// What a C function returns for what `call` did: its status, or its error told in `error`, which
/// may be null. No exception leaves it.
template <typename Call>
int answer(mrda_media_error* error, const Call& call) noexcept {
    mrda_media_error ignored;
    mrda_media_error* const told = error != nullptr ? error : &ignored;
    try {
        const Result<int> status = call();
        return status.ok() ? *status : fail(status.error(), told);
    } catch (const std::bad_alloc&) {
        copy_text(told->message, "out of memory");  // Words that need none.
        return -1 - static_cast<int>(Errc::out_of_memory);
    } catch (const std::exception& problem) {
        copy_text(told->message, problem.what());
        return -1 - static_cast<int>(Errc::internal);
    }
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
