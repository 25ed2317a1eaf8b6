// SPDX-License-Identifier: MIT
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "api_common.h"
#include "event_loop.h"
#include "rpc_queue.h"

namespace mrda::service {

/// One call of a method that takes a message and returns one. It owns itself: it goes when its
/// answer is sent and gRPC is done with it.
template <typename Request, typename Reply>
class UnaryCall {
  public:
    using Writer = grpc::ServerAsyncResponseWriter<Reply>;
    struct Method {
        RpcQueue& queue;
        /// Asks gRPC for the next call.
        std::function<void(grpc::ServerContext*, Request*, Writer*, grpc::ServerCompletionQueue*,
                           void* tag)>
            next;
        /// On the queue's thread. Must not wait; finish() may come later.
        std::function<void(UnaryCall&)> handle;
        /// May be null. On the queue's thread, after handle(): nobody waits for the answer any
        /// more, and it may have been given.
        std::function<void(UnaryCall&)> given_up;
    };

    static void await(std::shared_ptr<const Method> method) {
        auto* const call = new UnaryCall(std::move(method));
        if (!call->method_->queue.ask([call](grpc::ServerCompletionQueue* queue) {
                call->context_.AsyncNotifyWhenDone(&call->gone_);
                call->method_->next(&call->context_, &call->request_, &call->writer_, queue,
                                    &call->accepted_);
            })) {
            delete call;
        }
    }
    UnaryCall(const UnaryCall&) = delete;
    UnaryCall& operator=(const UnaryCall&) = delete;

    [[nodiscard]] const Request& request() const { return request_; }
    [[nodiscard]] Reply& reply() { return reply_; }
    [[nodiscard]] const grpc::ServerContext& context() const { return context_; }
    /// No other call of this method has it.
    [[nodiscard]] std::uint64_t id() const { return id_; }
    /// Once, on any thread; the call may be gone when this returns.
    void finish(const Result<void>& result) {
        writer_.Finish(reply_, result.ok() ? grpc::Status::OK : to_status(result.error()),
                       &finished_);
    }

  private:
    explicit UnaryCall(std::shared_ptr<const Method> method) : method_(std::move(method)) {}

    void accepted(bool ok) {
        if (!ok) {  // The server ends. gRPC gives back no other tag of this call.
            end();
            return;
        }
        await(method_);
        method_->handle(*this);
    }
    void gone() {
        if (context_.IsCancelled() && method_->given_up) {
            method_->given_up(*this);
        }
        step();
    }
    void step() {
        if (--steps_left_ == 0) {
            end();
        }
    }
    void end() {
        RpcQueue& queue = method_->queue;
        delete this;
        queue.ended();
    }

    std::shared_ptr<const Method> method_;
    grpc::ServerContext context_;
    Request request_;
    Reply reply_;
    Writer writer_{&context_};
    inline static std::atomic<std::uint64_t> next_id_ = 1;
    const std::uint64_t id_ = next_id_++;
    int steps_left_ = 2;  // gone_ and finished_, in any order; of the queue's thread.
    RpcTag accepted_{[this](bool ok) { accepted(ok); }};
    RpcTag finished_{[this](bool) { step(); }};
    RpcTag gone_{[this](bool) { gone(); }};
};

/// Serves one method: `request` is its RequestX of the generated AsyncService.
template <typename Service, typename Base, typename Request, typename Reply>
void serve(RpcQueue& queue, Service& service,
           void (Base::*request)(grpc::ServerContext*, Request*,
                                 grpc::ServerAsyncResponseWriter<Reply>*, grpc::CompletionQueue*,
                                 grpc::ServerCompletionQueue*, void*),
           std::type_identity_t<std::function<void(UnaryCall<Request, Reply>&)>> handle,
           std::type_identity_t<std::function<void(UnaryCall<Request, Reply>&)>> given_up = {}) {
    using Call = UnaryCall<Request, Reply>;
    Call::await(std::make_shared<const typename Call::Method>(
        typename Call::Method{queue,
                              [&service, request](grpc::ServerContext* context, Request* message,
                                                  typename Call::Writer* writer,
                                                  grpc::ServerCompletionQueue* on, void* tag) {
                                  (service.*request)(context, message, writer, on, on, tag);
                              },
                              std::move(handle), std::move(given_up)}));
}

/// As serve(); `handle` runs on the loop's thread, and the call ends with what it returns.
template <typename Service, typename Base, typename Request, typename Reply>
void serve_on(
    EventLoop& loop, RpcQueue& queue, Service& service,
    void (Base::*request)(grpc::ServerContext*, Request*, grpc::ServerAsyncResponseWriter<Reply>*,
                          grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*),
    std::type_identity_t<std::function<Result<void>(UnaryCall<Request, Reply>&)>> handle) {
    serve(queue, service, request,
          [&loop, handle = std::move(handle)](UnaryCall<Request, Reply>& call) {
              loop.post([&handle, &call] { call.finish(handle(call)); });
          });
}

}  // namespace mrda::service
