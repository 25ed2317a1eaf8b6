// SPDX-License-Identifier: MIT
#include "watch_call.h"

#include <iterator>
#include <list>
#include <utility>

#include "api_common.h"

namespace mrda::service {

namespace {

/// A client that does not read gets the newest only, not a queue without end.
constexpr std::size_t kMaxWaiting = 16;

class WatchCall : public StreamCall {
  public:
    explicit WatchCall(std::shared_ptr<const StreamMethod> method)
        : StreamCall(std::move(method)) {}

  private:
    void request(grpc::ServerCompletionQueue& queue) override {
        method().service.RequestWatch(&context(), &request_, &writer_, &queue, &queue,
                                      accepted_tag());
    }
    void begin() override {
        method().loop.post([this] {
            const auto watch = watch_session();
            if (watch.ok()) {
                watch_ = *watch;
                return;
            }
            const std::lock_guard lock(mutex_);
            end(to_status(watch.error()));
        });
    }
    /// On the loop's thread.
    Result<std::uint64_t> watch_session() {
        MRDA_ASSIGN(const auto vm, method().caller(context()));
        return method().sessions.watch(
            vm.get(), request_.session_id(),
            [this](const v1::SessionStatus& status, bool last) { add(status, last); });
    }
    void add(const v1::SessionStatus& status, bool last) {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= kMaxWaiting) {
            waiting_.erase(std::next(waiting_.begin()));  // The first may be on its way out.
        }
        waiting_.push_back(status);
        last ? end(grpc::Status::OK) : pump();
    }

    bool write_next() override {
        if (waiting_.empty() || failed()) {
            return false;
        }
        writer_.Write(waiting_.front(), written_tag());
        return true;
    }
    void wrote(bool ok) override {
        waiting_.pop_front();
        if (!ok) {
            waiting_.clear();
        }
    }
    void finish(const grpc::Status& status) override { writer_.Finish(status, finished_tag()); }
    void leave() override { method().sessions.unwatch(watch_); }

    v1::SessionRef request_;
    grpc::ServerAsyncWriter<v1::SessionStatus> writer_{&context()};
    std::uint64_t watch_ = 0;
    std::list<v1::SessionStatus> waiting_;
};

}  // namespace

void serve_watch(std::shared_ptr<const StreamMethod> method) {
    StreamCall::await<WatchCall>(std::move(method));
}

}  // namespace mrda::service
