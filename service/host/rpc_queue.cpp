// SPDX-License-Identifier: MIT
#include "rpc_queue.h"

namespace mrda::service {

void RpcQueue::shut_down() {
    std::unique_lock lock(mutex_);
    if (!open_) {
        return;
    }
    open_ = false;
    if (!thread_.joinable()) {
        run();
    }
    all_ended_.wait(lock, [this] { return calls_ == 0; });
    lock.unlock();
    queue_->Shutdown();
    thread_.join();
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
        ++calls_;
        ask(queue_.get());
    }
    return open_;
}

void RpcQueue::ended() {
    const std::lock_guard lock(mutex_);
    if (--calls_ == 0) {
        all_ended_.notify_all();
    }
}

}  // namespace mrda::service
