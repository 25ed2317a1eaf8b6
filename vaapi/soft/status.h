// SPDX-License-Identifier: MIT
#pragma once

#include <va/va_backend.h>

#include <new>
#include <string>

#include "mrda/interop/result.h"

namespace mrda::va_soft {

/// A refusal: `status` is what the caller of libva gets, `message` what the display's info callback
/// says.
Error refusal(VAStatus status, std::string message);

/// Tells the display's info callback why, and gives the VAStatus to return.
VAStatus report(VADriverContextP ctx, const Error& error);

/// Runs an entry's body; no exception leaves the driver.
template <typename Body>
VAStatus guarded(Body&& body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return VA_STATUS_ERROR_ALLOCATION_FAILED;
    } catch (...) {
        return VA_STATUS_ERROR_OPERATION_FAILED;
    }
}

}  // namespace mrda::va_soft
