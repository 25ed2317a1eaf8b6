// SPDX-License-Identifier: MIT
#include "ze_error.h"

namespace mrda::l0 {

namespace {

Errc errc_of(ze_result_t result) {
    switch (result) {
        case ZE_RESULT_NOT_READY:
            return Errc::timeout;
        case ZE_RESULT_ERROR_DEVICE_LOST:
        case ZE_RESULT_ERROR_DEVICE_REQUIRES_RESET:
            return Errc::device_lost;
        case ZE_RESULT_ERROR_OUT_OF_HOST_MEMORY:
        case ZE_RESULT_ERROR_OUT_OF_DEVICE_MEMORY:
            return Errc::out_of_memory;
        case ZE_RESULT_ERROR_INSUFFICIENT_PERMISSIONS:
            return Errc::permission_denied;
        case ZE_RESULT_ERROR_NOT_AVAILABLE:
        case ZE_RESULT_ERROR_HANDLE_OBJECT_IN_USE:
            return Errc::busy;
        case ZE_RESULT_ERROR_UNINITIALIZED:
        case ZE_RESULT_ERROR_DEPENDENCY_UNAVAILABLE:
        case ZE_RESULT_ERROR_INVALID_KERNEL_NAME:
            return Errc::not_found;
        case ZE_RESULT_ERROR_UNSUPPORTED_VERSION:
        case ZE_RESULT_ERROR_UNSUPPORTED_FEATURE:
        case ZE_RESULT_ERROR_UNSUPPORTED_SIZE:
        case ZE_RESULT_ERROR_UNSUPPORTED_ALIGNMENT:
        case ZE_RESULT_ERROR_UNSUPPORTED_ENUMERATION:
        case ZE_RESULT_ERROR_INVALID_NATIVE_BINARY:
        case ZE_RESULT_ERROR_MODULE_BUILD_FAILURE:
            return Errc::unsupported;
        case ZE_RESULT_ERROR_UNKNOWN:
            return Errc::io;
        default:
            return Errc::invalid_argument;
    }
}

}  // namespace

Error ze_error(const char* call, ze_result_t result, std::string message) {
    return Error{.code = errc_of(result),
                 .api = Api::ze,
                 .native = static_cast<std::int64_t>(static_cast<std::uint32_t>(result)),
                 .call = call,
                 .message = std::move(message)};
}

}  // namespace mrda::l0
