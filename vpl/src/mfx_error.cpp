// SPDX-License-Identifier: MIT
#include "mfx_error.h"

#include <algorithm>
#include <array>

namespace mrda::vpl {

namespace {

struct Known {
    mfxStatus status;
    Errc code;
    const char* name;
};

#define MRDA_STATUS(name, code) \
    Known {                     \
        name, Errc::code, #name \
    }
constexpr std::array kKnown{
    MRDA_STATUS(MFX_ERR_UNKNOWN, io),
    MRDA_STATUS(MFX_ERR_NULL_PTR, internal),
    MRDA_STATUS(MFX_ERR_UNSUPPORTED, unsupported),
    MRDA_STATUS(MFX_ERR_MEMORY_ALLOC, out_of_memory),
    MRDA_STATUS(MFX_ERR_NOT_ENOUGH_BUFFER, exhausted),
    MRDA_STATUS(MFX_ERR_INVALID_HANDLE, internal),
    MRDA_STATUS(MFX_ERR_LOCK_MEMORY, io),
    MRDA_STATUS(MFX_ERR_NOT_INITIALIZED, internal),
    MRDA_STATUS(MFX_ERR_NOT_FOUND, not_found),
    MRDA_STATUS(MFX_ERR_ABORTED, io),
    MRDA_STATUS(MFX_ERR_DEVICE_LOST, device_lost),
    MRDA_STATUS(MFX_ERR_INCOMPATIBLE_VIDEO_PARAM, invalid_argument),
    MRDA_STATUS(MFX_ERR_INVALID_VIDEO_PARAM, invalid_argument),
    MRDA_STATUS(MFX_ERR_UNDEFINED_BEHAVIOR, invalid_argument),
    MRDA_STATUS(MFX_ERR_DEVICE_FAILED, io),
    MRDA_STATUS(MFX_ERR_GPU_HANG, device_lost),
    MRDA_STATUS(MFX_ERR_REALLOC_SURFACE, invalid_argument),
    MRDA_STATUS(MFX_WRN_IN_EXECUTION, timeout),
    MRDA_STATUS(MFX_WRN_DEVICE_BUSY, busy),
};
#undef MRDA_STATUS

const Known* find(mfxStatus status) {
    const auto* found = std::find_if(kKnown.begin(), kKnown.end(),
                                     [&](const Known& known) { return known.status == status; });
    return found == kKnown.end() ? nullptr : found;
}

}  // namespace

std::string status_name(mfxStatus status) {
    const Known* known = find(status);
    return known != nullptr ? known->name : "mfxStatus " + std::to_string(status);
}

Error mfx_error(const char* call, mfxStatus status, std::string message) {
    const Known* known = find(status);
    return Error{.code = known != nullptr ? known->code : Errc::io,
                 .api = Api::mfx,
                 .native = status,
                 .call = call,
                 .message = std::move(message) + ": " + status_name(status)};
}

}  // namespace mrda::vpl
