// SPDX-License-Identifier: MIT
#include "api_common.h"

#include <string_view>

namespace mrda::service {

namespace {

grpc::StatusCode code_of(Errc code) {
    switch (code) {
        case Errc::invalid_argument:
            return grpc::StatusCode::INVALID_ARGUMENT;
        case Errc::unsupported:
            return grpc::StatusCode::UNIMPLEMENTED;
        case Errc::not_found:
            return grpc::StatusCode::NOT_FOUND;
        case Errc::permission_denied:
            return grpc::StatusCode::PERMISSION_DENIED;
        case Errc::out_of_memory:
        case Errc::exhausted:
            return grpc::StatusCode::RESOURCE_EXHAUSTED;
        case Errc::busy:
            return grpc::StatusCode::FAILED_PRECONDITION;
        case Errc::timeout:
            return grpc::StatusCode::DEADLINE_EXCEEDED;
        case Errc::end_of_stream:
            return grpc::StatusCode::UNAVAILABLE;
        case Errc::corrupt:
            return grpc::StatusCode::DATA_LOSS;
        case Errc::device_lost:
            return grpc::StatusCode::ABORTED;
        case Errc::io:
        case Errc::internal:
            break;
    }
    return grpc::StatusCode::INTERNAL;
}

}  // namespace

grpc::Status to_status(const Error& error) {
    return {code_of(error.code), to_string(error), std::string(to_string(error.code))};
}

std::string bearer_token(const grpc::ServerContext& context) {
    constexpr std::string_view kScheme = "Bearer ";
    const auto& metadata = context.client_metadata();
    const auto found = metadata.find("authorization");
    if (found == metadata.end()) {
        return {};
    }
    const std::string_view value(found->second.data(), found->second.size());
    return std::string(value.substr(0, kScheme.size()) == kScheme ? value.substr(kScheme.size())
                                                                  : std::string_view());
}

}  // namespace mrda::service
