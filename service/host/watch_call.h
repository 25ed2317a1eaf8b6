// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "event_loop.h"
#include "mrda/v1/sessions.grpc.pb.h"
#include "rpc_queue.h"
#include "session_manager.h"

namespace mrda::service {

/// Who calls: only its sessions may be watched. On the loop's thread.
using WatchCaller = std::function<Result<std::shared_ptr<Vm>>(const grpc::ServerContext&)>;

/// Serves mrda.v1.Sessions/Watch. All must outlive the queue.
void serve_watch(RpcQueue& queue, v1::Sessions::AsyncService& service, EventLoop& loop,
                 SessionManager& sessions, WatchCaller caller);

}  // namespace mrda::service
