// SPDX-License-Identifier: MIT
#include "mrda/interop/result.h"

#include <cerrno>
#include <system_error>

namespace mrda {

namespace {

Errc errc_of(int errno_value) {
    switch (errno_value) {
        case EBADF:
        case EINVAL:
        case EFAULT:
        case ENAMETOOLONG:
        case EOVERFLOW:
            return Errc::invalid_argument;
        case ENOENT:
        case ENODEV:
        case ENXIO:
            return Errc::not_found;
        case EACCES:
        case EPERM:
        case EROFS:
            return Errc::permission_denied;
        case ENOMEM:
            return Errc::out_of_memory;
        case EMFILE:
        case ENFILE:
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return Errc::exhausted;
        case EBUSY:
        case EAGAIN:
        case ETXTBSY:
            return Errc::busy;
        case ETIME:
        case ETIMEDOUT:
            return Errc::timeout;
        case ENOTTY:
        case ENOSYS:
        case EOPNOTSUPP:
            return Errc::unsupported;
        default:
            return Errc::io;
    }
}

}  // namespace

std::string_view to_string(Errc code) {
    switch (code) {
        case Errc::invalid_argument:
            return "invalid argument";
        case Errc::unsupported:
            return "unsupported";
        case Errc::not_found:
            return "not found";
        case Errc::permission_denied:
            return "permission denied";
        case Errc::out_of_memory:
            return "out of memory";
        case Errc::exhausted:
            return "exhausted";
        case Errc::busy:
            return "busy";
        case Errc::timeout:
            return "timeout";
        case Errc::end_of_stream:
            return "end of stream";
        case Errc::corrupt:
            return "corrupt";
        case Errc::device_lost:
            return "device lost";
        case Errc::io:
            return "input/output";
        case Errc::internal:
            return "internal";
    }
    return "unknown";
}

std::string_view to_string(Api api) {
    switch (api) {
        case Api::mrda:
            return "mrda";
        case Api::os:
            return "errno";
        case Api::ze:
            return "ze_result_t";
        case Api::va:
            return "VAStatus";
        case Api::mfx:
            return "mfxStatus";
        case Api::grpc:
            return "grpc";
        case Api::av:
            return "averror";
    }
    return "unknown";
}

std::string to_string(const Error& error) {
    std::string text = error.message;
    if (error.api == Api::mrda) {
        return text;
    }
    text += " (" + error.call + ": " + std::string(to_string(error.api)) + " ";
    // Level Zero's codes are read in hexadecimal, everybody else's in decimal.
    if (error.api == Api::ze) {
        static constexpr char digits[] = "0123456789abcdef";
        std::string hex;
        for (auto rest = static_cast<std::uint64_t>(error.native); rest != 0; rest >>= 4U) {
            hex.insert(hex.begin(), digits[rest & 0xfU]);
        }
        text += "0x" + (hex.empty() ? std::string("0") : hex);
    } else {
        text += std::to_string(error.native);
    }
    return text + ")";
}

Error make_error(Errc code, std::string message) {
    return Error{
        .code = code, .api = Api::mrda, .native = 0, .call = {}, .message = std::move(message)};
}

Error os_error(std::string call, int errno_value, std::string message) {
    return Error{
        .code = errc_of(errno_value),
        .api = Api::os,
        .native = errno_value,
        .call = std::move(call),
        .message = std::move(message) + ": " + std::generic_category().message(errno_value)};
}

}  // namespace mrda
