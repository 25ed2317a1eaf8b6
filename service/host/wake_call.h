// SPDX-License-Identifier: MIT
#pragma once

#include "event_loop.h"
#include "mrda/v1/sessions.grpc.pb.h"
#include "rpc_queue.h"
#include "session_manager.h"
#include "watch_call.h"

namespace mrda::service {

/// Serves mrda.v1.Sessions/Wake. All must outlive the queue.
void serve_wake(RpcQueue& queue, v1::Sessions::AsyncService& service, EventLoop& loop,
                SessionManager& sessions, WatchCaller caller);

}  // namespace mrda::service
