// SPDX-License-Identifier: MIT
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>

#include "event_loop.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// How our errors look to gRPC's clients. The message is ours; details carry the Errc's name.
grpc::Status to_status(const Error& error);

/// The token of "authorization: Bearer TOKEN"; empty: none.
std::string bearer_token(const grpc::CallbackServerContext& context);

/// Runs `handler` on the loop's thread and finishes the call with what it returns.
template <typename Handler>
grpc::ServerUnaryReactor* on_loop(EventLoop& loop, grpc::CallbackServerContext* context,
                                  Handler handler) {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    loop.post([reactor, handler = std::move(handler)] {
        const Result<void> handled = handler();
        reactor->Finish(handled.ok() ? grpc::Status::OK : to_status(handled.error()));
    });
    return reactor;
}

}  // namespace mrda::service
