// SPDX-License-Identifier: MIT
#include "status.h"

#include <utility>

namespace mrda::va_soft {

namespace {

Errc kind_of(VAStatus status) {
    switch (status) {
        case VA_STATUS_ERROR_ALLOCATION_FAILED:
            return Errc::out_of_memory;
        case VA_STATUS_ERROR_INVALID_PARAMETER:
        case VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED:
            return Errc::invalid_argument;
        case VA_STATUS_ERROR_OPERATION_FAILED:
            return Errc::io;
        default:
            return Errc::unsupported;
    }
}

}  // namespace

Error refusal(VAStatus status, std::string message) {
    return Error{kind_of(status), Api::va, status, {}, std::move(message)};
}

VAStatus report(VADriverContextP ctx, const Error& error) {
    if (ctx->info_callback != nullptr) {
        const std::string line = "mrda: " + error.message + "\n";
        ctx->info_callback(ctx, line.c_str());
    }
    return error.api == Api::va ? static_cast<VAStatus>(error.native)
                                : VA_STATUS_ERROR_OPERATION_FAILED;
}

}  // namespace mrda::va_soft
