// SPDX-License-Identifier: MIT
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>

#include "mrda/interop/result.h"

namespace mrda::service {

/// How our errors look to gRPC's clients. The message is ours; details carry the Errc's name.
grpc::Status to_status(const Error& error);

/// The token of "authorization: Bearer TOKEN"; empty: none.
std::string bearer_token(const grpc::ServerContext& context);

}  // namespace mrda::service
