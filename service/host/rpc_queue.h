// SPDX-License-Identifier: MIT
#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace mrda::service {

/// What gRPC gives back when something that was asked of it is done. On the queue's thread.
class RpcTag {
  public:
    explicit RpcTag(std::function<void(bool ok)> done) : done_(std::move(done)) {}
    void done(bool ok) const { done_(ok); }

  private:
    std::function<void(bool ok)> done_;
};

/// A completion queue and the thread that waits on it. Not gRPC's callback interface: there, a
/// second without a call is followed by 100 ms in which none is heard (gRPC 1.51,
/// completion_queue_cc.cc: the threads of its queue back off), and a session would begin that late.
class RpcQueue {
  public:
    /// Before the server is built.
    explicit RpcQueue(grpc::ServerBuilder& builder) : queue_(builder.AddCompletionQueue()) {}
    ~RpcQueue() { shut_down(); }
    RpcQueue(const RpcQueue&) = delete;
    RpcQueue& operator=(const RpcQueue&) = delete;

    /// Once the server is built.
    void run();
    /// Waits until every call that was asked for has ended: gRPC aborts where one is answered on a
    /// queue that is shut down. After the server, if there is one, has shut down, and before it
    /// goes: what comes out of the queue looks at it. A second time nothing happens.
    void shut_down();
    /// Has `ask` ask gRPC for a call, or returns false: the queue takes nothing more. Any thread.
    bool ask(const std::function<void(grpc::ServerCompletionQueue*)>& ask);
    /// Once for each call that was asked for: gRPC has no tag of it any more. Any thread.
    void ended();

  private:
    void drain();

    std::unique_ptr<grpc::ServerCompletionQueue> queue_;
    std::mutex mutex_;  // For what follows.
    std::condition_variable all_ended_;
    bool open_ = true;
    std::uint64_t calls_ = 0;  // Asked for, and not ended.
    std::thread thread_;
};

}  // namespace mrda::service
