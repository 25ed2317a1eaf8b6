// SPDX-License-Identifier: MIT
#include "watch_call.h"

#include <grpcpp/grpcpp.h>

#include <iterator>
#include <list>
#include <mutex>
#include <utility>

#include "api_common.h"

namespace mrda::service {

namespace {

/// A client that does not read gets the newest only, not a queue without end.
constexpr std::size_t kMaxWaiting = 16;

struct WatchMethod {
    RpcQueue& queue;
    v1::Sessions::AsyncService& service;
    EventLoop& loop;
    SessionManager& sessions;
    WatchCaller caller;
};

/// One Watch call. The manager's updates come on the loop's thread, gRPC's tags on the queue's. It
/// owns itself: it goes, on the loop's thread, when both are done with it.
class WatchCall {
  public:
    static void await(std::shared_ptr<const WatchMethod> method) {
        auto* const call = new WatchCall(std::move(method));
        if (!call->method_->queue.ask([call](grpc::ServerCompletionQueue* queue) {
                call->context_.AsyncNotifyWhenDone(&call->gone_);
                call->method_->service.RequestWatch(&call->context_, &call->request_,
                                                    &call->writer_, queue, queue, &call->accepted_);
            })) {
            delete call;
        }
    }
    WatchCall(const WatchCall&) = delete;
    WatchCall& operator=(const WatchCall&) = delete;

  private:
    explicit WatchCall(std::shared_ptr<const WatchMethod> method) : method_(std::move(method)) {}

    void accepted(bool ok) {
        if (!ok) {  // The server ends. gRPC gives back no other tag of this call.
            end();
            return;
        }
        await(method_);
        method_->loop.post([this] { begin(); });
    }
    /// On the loop's thread.
    void begin() {
        const auto watch = watch_session();
        if (!watch.ok()) {
            const std::lock_guard lock(mutex_);
            end_ = to_status(watch.error());
            ended_ = true;
            pump();
            return;
        }
        watch_ = *watch;
    }
    Result<std::uint64_t> watch_session() {
        MRDA_ASSIGN(const auto vm, method_->caller(context_));
        return method_->sessions.watch(
            vm.get(), request_.session_id(),
            [this](const v1::SessionStatus& status, bool last) { add(status, last); });
    }
    void add(const v1::SessionStatus& status, bool last) {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= kMaxWaiting) {
            waiting_.erase(std::next(waiting_.begin()));  // The first may be on its way out.
        }
        waiting_.push_back(status);
        ended_ = ended_ || last;
        pump();
    }

    void written(bool ok) {
        const std::lock_guard lock(mutex_);
        writing_ = false;
        waiting_.pop_front();
        if (!ok) {
            waiting_.clear();
            ended_ = true;
        }
        pump();
    }
    void gone() {
        {
            const std::lock_guard lock(mutex_);
            if (context_.IsCancelled()) {
                ended_ = true;
                end_ = grpc::Status::CANCELLED;
                pump();
            }
        }
        step();
    }
    /// Under the mutex.
    void pump() {
        if (writing_ || finished_) {
            return;
        }
        if (!waiting_.empty() && end_.ok()) {
            writing_ = true;
            writer_.Write(waiting_.front(), &written_tag_);
        } else if (ended_) {
            finished_ = true;
            writer_.Finish(end_, &finished_tag_);
        }
    }
    /// On the queue's thread.
    void step() {
        if (--steps_left_ == 0) {
            // After begin(), which was posted before; the manager knows this object until then.
            method_->loop.post([this] {
                method_->sessions.unwatch(watch_);
                end();
            });
        }
    }
    void end() {
        RpcQueue& queue = method_->queue;
        delete this;
        queue.ended();
    }

    std::shared_ptr<const WatchMethod> method_;
    grpc::ServerContext context_;
    v1::SessionRef request_;
    grpc::ServerAsyncWriter<v1::SessionStatus> writer_{&context_};
    std::uint64_t watch_ = 0;
    int steps_left_ = 2;  // gone_ and finished_tag_, in any order.
    std::mutex mutex_;    // For what follows.
    std::list<v1::SessionStatus> waiting_;
    grpc::Status end_ = grpc::Status::OK;
    bool writing_ = false;
    bool ended_ = false;
    bool finished_ = false;
    RpcTag accepted_{[this](bool ok) { accepted(ok); }};
    RpcTag written_tag_{[this](bool ok) { written(ok); }};
    RpcTag finished_tag_{[this](bool) { step(); }};
    RpcTag gone_{[this](bool) { gone(); }};
};

}  // namespace

void serve_watch(RpcQueue& queue, v1::Sessions::AsyncService& service, EventLoop& loop,
                 SessionManager& sessions, WatchCaller caller) {
    WatchCall::await(std::make_shared<const WatchMethod>(
        WatchMethod{queue, service, loop, sessions, std::move(caller)}));
}

}  // namespace mrda::service
