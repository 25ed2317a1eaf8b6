// SPDX-License-Identifier: MIT
#pragma once

#include <new>
#include <utility>

#include "session.h"

#define MRDA_VPL_EXPORT extern "C" [[gnu::visibility("default")]]

namespace mrda::vpl::soft {

/// Runs `body`, keeping exceptions on this side of the C interface.
template <typename Body>
mfxStatus guarded(Body&& body) {
    try {
        return std::forward<Body>(body)();
    } catch (const std::bad_alloc&) {
        return MFX_ERR_MEMORY_ALLOC;
    } catch (...) {
        // The system has no thread left, or worse: nothing may pass a C interface.
        return MFX_ERR_DEVICE_FAILED;
    }
}

/// Runs `body` with the session behind `handle`.
template <typename Body>
mfxStatus with_session(mfxSession handle, Body&& body) {
    return guarded([&]() -> mfxStatus {
        const std::shared_ptr<Session> session = find_session(handle);
        return session ? std::forward<Body>(body)(session) : MFX_ERR_INVALID_HANDLE;
    });
}

}  // namespace mrda::vpl::soft
