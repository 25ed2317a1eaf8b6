// SPDX-License-Identifier: MIT
#pragma once

#include <vpl/mfx.h>

#include <string>

#include "mrda/interop/result.h"

namespace mrda::vpl {

/// "MFX_ERR_UNSUPPORTED", or the number where it has no name.
std::string status_name(mfxStatus status);

/// The Error for a oneVPL call that failed. Warnings (status > 0) are no errors, and not for this.
Error mfx_error(const char* call, mfxStatus status, std::string message);

}  // namespace mrda::vpl

/// Leaves the function with an Error if the oneVPL call `function arguments` fails; warnings pass.
#define MRDA_MFX_TRY(function, arguments, message)                              \
    do {                                                                        \
        if (const mfxStatus mrda_mfx_status = function arguments;               \
            mrda_mfx_status < MFX_ERR_NONE) {                                   \
            return ::mrda::vpl::mfx_error(#function, mrda_mfx_status, message); \
        }                                                                       \
    } while (false)
