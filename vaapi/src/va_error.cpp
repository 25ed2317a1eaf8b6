// SPDX-License-Identifier: MIT
#include "va_error.h"

#include <cstdint>

namespace mrda::vaapi {

namespace {

Errc errc_of(VAStatus status) {
    switch (static_cast<std::uint32_t>(status)) {  // va.h: UNKNOWN fits no int.
        case VA_STATUS_ERROR_ALLOCATION_FAILED:
            return Errc::out_of_memory;
        case VA_STATUS_ERROR_SURFACE_BUSY:
        case VA_STATUS_ERROR_HW_BUSY:
            return Errc::busy;
        case VA_STATUS_ERROR_TIMEDOUT:
            return Errc::timeout;
        case VA_STATUS_ERROR_MAX_NUM_EXCEEDED:
        case VA_STATUS_ERROR_NOT_ENOUGH_BUFFER:
            return Errc::exhausted;
        case VA_STATUS_ERROR_UNIMPLEMENTED:
        case VA_STATUS_ERROR_UNSUPPORTED_PROFILE:
        case VA_STATUS_ERROR_UNSUPPORTED_ENTRYPOINT:
        case VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT:
        case VA_STATUS_ERROR_UNSUPPORTED_BUFFERTYPE:
        case VA_STATUS_ERROR_UNSUPPORTED_FILTER:
        case VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE:
        case VA_STATUS_ERROR_ATTR_NOT_SUPPORTED:
        case VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED:
            return Errc::unsupported;
        case VA_STATUS_ERROR_OPERATION_FAILED:
        case VA_STATUS_ERROR_DECODING_ERROR:
        case VA_STATUS_ERROR_ENCODING_ERROR:
        case VA_STATUS_ERROR_UNKNOWN:
            return Errc::io;
        default:
            return Errc::invalid_argument;
    }
}

}  // namespace

Error va_error(const char* call, VAStatus status, std::string message) {
    return Error{.code = errc_of(status),
                 .api = Api::va,
                 .native = status,
                 .call = call,
                 .message = std::move(message) + ": " + vaErrorStr(status)};
}

}  // namespace mrda::vaapi
