// SPDX-License-Identifier: MIT
#include "rpc_queue.h"

namespace mrda::service {

void RpcQueue::shut_down() {
    {
        const std::lock_guard lock(mutex_);
        if (!open_) {
            return;
        }
        open_ = false;
        queue_->Shutdown();
    }
    if (thread_.joinable()) {
        thread_.join();
    } else {
        drain();
    }
}

void RpcQueue::run() {
    thread_ = std::thread([this] { drain(); });
}

void RpcQueue::drain() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) {
        static_cast<RpcTag*>(tag)->done(ok);
    }
}

bool RpcQueue::ask(const std::function<void(grpc::ServerCompletionQueue*)>& ask) {
    const std::lock_guard lock(mutex_);
    if (open_) {
        ask(queue_.get());
    }
    return open_;
}

}  // namespace mrda::service
