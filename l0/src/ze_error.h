// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <string>

#include "mrda/interop/result.h"

namespace mrda::l0 {

/// The Error for a Level Zero call that did not return success.
Error ze_error(const char* call, ze_result_t result, std::string message);

}  // namespace mrda::l0

/// Leaves the function with an Error if the Level Zero call `function arguments` fails.
#define MRDA_ZE_TRY(function, arguments, message)                            \
    do {                                                                     \
        if (const ze_result_t mrda_ze_result = function arguments;           \
            mrda_ze_result != ZE_RESULT_SUCCESS) {                           \
            return ::mrda::l0::ze_error(#function, mrda_ze_result, message); \
        }                                                                    \
    } while (false)
