// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <string>

#include "mrda/interop/result.h"

namespace mrda::vaapi {

/// The Error for a libva call that did not return VA_STATUS_SUCCESS.
Error va_error(const char* call, VAStatus status, std::string message);

}  // namespace mrda::vaapi

/// Leaves the function with an Error if the libva call `function arguments` fails.
#define MRDA_VA_TRY(function, arguments, message)                               \
    do {                                                                        \
        if (const VAStatus mrda_va_status = function arguments;                 \
            mrda_va_status != VA_STATUS_SUCCESS) {                              \
            return ::mrda::vaapi::va_error(#function, mrda_va_status, message); \
        }                                                                       \
    } while (false)
