// SPDX-License-Identifier: MIT
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "event_loop.h"
#include "mrda/v1/sessions.grpc.pb.h"
#include "rpc_queue.h"
#include "session_manager.h"

namespace mrda::service {

/// Who calls: nobody else's sessions are there. On the loop's thread.
using StreamCaller = std::function<Result<std::shared_ptr<Vm>>(const grpc::ServerContext&)>;

/// What all calls of one method have alike. All must outlive the queue.
struct StreamMethod {
    RpcQueue& queue;
    v1::Sessions::AsyncService& service;
    EventLoop& loop;
    SessionManager& sessions;
    StreamCaller caller;
};

/// One call that lasts. What the manager says comes on the loop's thread, gRPC's tags on the
/// queue's. It owns itself: it goes, on the loop's thread, when both are done with it.
class StreamCall {
  public:
    /// Waits for a call of the method, and then for the next one: each is a Call.
    template <class Call>
    static void await(std::shared_ptr<const StreamMethod> method) {
        auto* const call = new Call(std::move(method));
        call->await_next_ = &StreamCall::await<Call>;
        call->ask();
    }
    StreamCall(const StreamCall&) = delete;
    StreamCall& operator=(const StreamCall&) = delete;

  protected:
    explicit StreamCall(std::shared_ptr<const StreamMethod> method) : method_(std::move(method)) {}
    virtual ~StreamCall() = default;

    /// Has gRPC give back accepted_tag() with the call.
    virtual void request(grpc::ServerCompletionQueue& queue) = 0;
    /// The call is there. On the queue's thread.
    virtual void begin() = 0;
    /// Has gRPC give back written_tag(), if there is something to write. Under the mutex.
    virtual bool write_next() = 0;
    /// What was written last is on its way, or the client is gone. Under the mutex.
    virtual void wrote(bool ok) = 0;
    /// Has gRPC give back finished_tag(). Under the mutex, once.
    virtual void finish(const grpc::Status& status) = 0;
    /// The manager shall forget it. On the loop's thread, last of all.
    virtual void leave() = 0;

    [[nodiscard]] const StreamMethod& method() const { return *method_; }
    [[nodiscard]] grpc::ServerContext& context() { return context_; }
    [[nodiscard]] RpcTag* accepted_tag() { return &accepted_; }
    [[nodiscard]] RpcTag* written_tag() { return &written_; }
    [[nodiscard]] RpcTag* finished_tag() { return &finished_tag_; }

    /// Writes what there is, or finishes where it is time to. Under the mutex.
    void pump();
    /// It finishes when what is being written is on its way. Under the mutex.
    void end(const grpc::Status& status);
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] bool failed() const { return !end_.ok(); }
    [[nodiscard]] bool finished() const { return finished_; }
    /// For a tag of a derived class: before gRPC is asked, under the mutex; and, on the queue's
    /// thread and not under the mutex, when it has come back and all else is done.
    void expect_tag() { ++tags_out_; }
    void tag_came();

    std::mutex mutex_;  // For what follows, here and in derived classes.

  private:
    void ask();
    void accepted(bool ok);
    void written(bool ok);
    void gone();
    void go();

    grpc::Status end_ = grpc::Status::OK;
    int tags_out_ = 1;  // gone_, from the start.
    bool writing_ = false;
    bool ended_ = false;
    bool finished_ = false;

    const std::shared_ptr<const StreamMethod> method_;
    void (*await_next_)(std::shared_ptr<const StreamMethod>) = nullptr;
    grpc::ServerContext context_;
    RpcTag accepted_{[this](bool ok) { accepted(ok); }};
    RpcTag written_{[this](bool ok) { written(ok); }};
    RpcTag finished_tag_{[this](bool) { tag_came(); }};
    RpcTag gone_{[this](bool) { gone(); }};
};

}  // namespace mrda::service
