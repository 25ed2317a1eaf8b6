// SPDX-License-Identifier: MIT
#include "wake_call.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "api_common.h"
#include "mrda/ivshmem/wakeup.h"

namespace mrda::service {

namespace {

struct WakeMethod {
    RpcQueue& queue;
    v1::Sessions::AsyncService& service;
    EventLoop& loop;
    SessionManager& sessions;
    WatchCaller caller;
};

/// One Wake call. The worker's wake-ups come on the loop's thread, gRPC's tags on the queue's. It
/// owns itself: it goes, on the loop's thread, when both are done with it.
class WakeCall {
  public:
    static void await(std::shared_ptr<const WakeMethod> method) {
        auto* const call = new WakeCall(std::move(method));
        if (!call->method_->queue.ask([call](grpc::ServerCompletionQueue* queue) {
                call->context_.AsyncNotifyWhenDone(&call->gone_);
                call->method_->service.RequestWake(&call->context_, &call->stream_, queue, queue,
                                                   &call->accepted_);
            })) {
            delete call;
        }
    }
    WakeCall(const WakeCall&) = delete;
    WakeCall& operator=(const WakeCall&) = delete;

  private:
    explicit WakeCall(std::shared_ptr<const WakeMethod> method) : method_(std::move(method)) {}

    void accepted(bool ok) {
        if (!ok) {  // The server ends. gRPC gives back no other tag of this call.
            end();
            return;
        }
        await(method_);
        const std::lock_guard lock(mutex_);
        read_next();
    }
    /// Under the mutex.
    void read_next() {
        ++tags_out_;
        stream_.Read(&request_, &read_);
    }
    void read(bool ok) {
        {
            const std::lock_guard lock(mutex_);
            if (!ok) {
                ended_ = true;
                pump();
            } else if (session_ == 0) {
                session_ = request_.session_id();
                method_->loop.post([this] { begin(); });
            } else {
                ivshmem::signal_event(host_event_.get());
                read_next();
            }
        }
        step();
    }
    /// On the loop's thread. No read is under way meanwhile.
    void begin() {
        auto event = listen();
        const std::lock_guard lock(mutex_);
        if (!event.ok()) {
            end_ = to_status(event.error());
            ended_ = true;
            pump();
            return;
        }
        host_event_ = std::move(*event);
        // What the guest rang before there was a stream.
        ivshmem::signal_event(host_event_.get());
        wanted_ = true;
        pump();
        if (!finished_) {
            read_next();
        }
    }
    Result<Fd> listen() {
        MRDA_ASSIGN(const auto vm, method_->caller(context_));
        return method_->sessions.listen_for_wakes(vm.get(), session_, id_,
                                                  [this](bool last) { woken(last); });
    }
    void woken(bool last) {
        const std::lock_guard lock(mutex_);
        wanted_ = true;
        ended_ = ended_ || last;
        pump();
    }
    void written(bool ok) {
        {
            const std::lock_guard lock(mutex_);
            writing_ = false;
            ended_ = ended_ || !ok;
            pump();
        }
        step();
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
    /// Under the mutex. Wake-ups that come while one is written are one.
    void pump() {
        if (writing_ || finished_) {
            return;
        }
        if (ended_) {
            finished_ = true;
            ++tags_out_;
            stream_.Finish(end_, &finish_);
        } else if (std::exchange(wanted_, false)) {
            writing_ = true;
            ++tags_out_;
            stream_.Write(v1::WakeReply(), &written_);
        }
    }
    /// On the queue's thread, for each tag that came back.
    void step() {
        {
            const std::lock_guard lock(mutex_);
            if (--tags_out_ > 0) {
                return;
            }
        }
        // After begin(), which was posted before; the manager knows this object until then.
        method_->loop.post([this] {
            method_->sessions.stop_listening(session_, id_);
            end();
        });
    }
    void end() {
        RpcQueue& queue = method_->queue;
        delete this;
        queue.ended();
    }

    std::shared_ptr<const WakeMethod> method_;
    inline static std::atomic<std::uint64_t> next_id_ = 1;
    const std::uint64_t id_ = next_id_++;
    grpc::ServerContext context_;
    v1::WakeRequest request_;
    grpc::ServerAsyncReaderWriter<v1::WakeReply, v1::WakeRequest> stream_{&context_};
    std::mutex mutex_;  // For what follows.
    std::uint64_t session_ = 0;
    Fd host_event_;
    grpc::Status end_ = grpc::Status::OK;
    int tags_out_ = 1;  // gone_, from the start.
    bool wanted_ = false;
    bool writing_ = false;
    bool ended_ = false;
    bool finished_ = false;
    RpcTag accepted_{[this](bool ok) { accepted(ok); }};
    RpcTag read_{[this](bool ok) { read(ok); }};
    RpcTag written_{[this](bool ok) { written(ok); }};
    RpcTag finish_{[this](bool) { step(); }};
    RpcTag gone_{[this](bool) { gone(); }};
};

}  // namespace

void serve_wake(RpcQueue& queue, v1::Sessions::AsyncService& service, EventLoop& loop,
                SessionManager& sessions, WatchCaller caller) {
    WakeCall::await(std::make_shared<const WakeMethod>(
        WakeMethod{queue, service, loop, sessions, std::move(caller)}));
}

}  // namespace mrda::service
