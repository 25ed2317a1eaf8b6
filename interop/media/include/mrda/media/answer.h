// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <new>

#include "mrda/interop/result.h"
#include "mrda/media/loaded_plugin.h"

namespace mrda::media {

/// For plugins in C++: what their C functions make of what C++ did.

/// What a C function returns for what `call` did: its MRDA_MEDIA_* status, or its error told in
/// `error`. No exception leaves it.
template <typename Call>
int answer(mrda_media_error* error, const Call& call) noexcept {
    try {
        const Result<int> status = call();
        return status.ok() ? *status : fail(status.error(), error);
    } catch (const std::bad_alloc&) {
        copy_text(error->message, "out of memory");  // Words that need none.
        return -1 - static_cast<int>(Errc::out_of_memory);
    } catch (const std::exception& problem) {
        copy_text(error->message, problem.what());
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

}  // namespace mrda::media
