// SPDX-License-Identifier: MIT
#include "stream_call.h"

namespace mrda::service {

void StreamCall::ask() {
    if (!method_->queue.ask([this](grpc::ServerCompletionQueue* queue) {
            context_.AsyncNotifyWhenDone(&gone_);
            request(*queue);
        })) {
        delete this;
    }
}

void StreamCall::accepted(bool ok) {
    if (!ok) {  // The server ends. gRPC gives back no other tag of this call.
        go();
        return;
    }
    await_next_(method_);
    begin();
}

void StreamCall::pump() {
    if (writing_ || finished_) {
        return;
    }
    if (write_next()) {
        writing_ = true;
        expect_tag();
    } else if (ended_) {
        finished_ = true;
        expect_tag();
        finish(end_);
    }
}

void StreamCall::end(const grpc::Status& status) {
    ended_ = true;
    if (end_.ok()) {
        end_ = status;
    }
    pump();
}

void StreamCall::written(bool ok) {
    {
        const std::lock_guard lock(mutex_);
        writing_ = false;
        wrote(ok);
        ended_ = ended_ || !ok;
        pump();
    }
    tag_came();
}

void StreamCall::gone() {
    {
        const std::lock_guard lock(mutex_);
        if (context_.IsCancelled()) {
            end(grpc::Status::CANCELLED);
        }
    }
    tag_came();
}

void StreamCall::tag_came() {
    {
        const std::lock_guard lock(mutex_);
        if (--tags_out_ > 0) {
            return;
        }
    }
    // After what begin() posted; the manager knows this object until then.
    method_->loop.post([this] {
        leave();
        go();
    });
}

void StreamCall::go() {
    RpcQueue& queue = method_->queue;
    delete this;
    queue.ended();
}

}  // namespace mrda::service
