// SPDX-License-Identifier: MIT
#include "wake_call.h"

#include <atomic>
#include <utility>

#include "api_common.h"
#include "mrda/ivshmem/wakeup.h"

namespace mrda::service {

namespace {

class WakeCall : public StreamCall {
  public:
    explicit WakeCall(std::shared_ptr<const StreamMethod> method) : StreamCall(std::move(method)) {}

  private:
    void request(grpc::ServerCompletionQueue& queue) override {
        method().service.RequestWake(&context(), &stream_, &queue, &queue, accepted_tag());
    }
    void begin() override {
        const std::lock_guard lock(mutex_);
        read_next();
    }
    /// Under the mutex.
    void read_next() {
        expect_tag();
        stream_.Read(&request_, &read_);
    }
    void read(bool ok) {
        {
            const std::lock_guard lock(mutex_);
            if (!ok) {
                end(grpc::Status::OK);
            } else if (session_ == 0) {
                session_ = request_.session_id();
                method().loop.post([this] { start_listening(); });
            } else {
                ivshmem::signal_event(host_event_.get());
                read_next();
            }
        }
        tag_came();
    }
    /// On the loop's thread. No read is under way meanwhile.
    void start_listening() {
        auto event = listen();
        const std::lock_guard lock(mutex_);
        if (!event.ok()) {
            end(to_status(event.error()));
            return;
        }
        host_event_ = std::move(*event);
        // What the guest rang before there was a stream.
        ivshmem::signal_event(host_event_.get());
        wanted_ = true;
        pump();
        if (!finished()) {
            read_next();
        }
    }
    Result<Fd> listen() {
        MRDA_ASSIGN(const auto vm, method().caller(context()));
        return method().sessions.listen_for_wakes(vm.get(), session_, id_,
                                                  [this](bool last) { woken(last); });
    }
    void woken(bool last) {
        const std::lock_guard lock(mutex_);
        wanted_ = true;
        last ? end(grpc::Status::OK) : pump();
    }

    /// Wake-ups that come while one is written are one.
    bool write_next() override {
        if (ended() || !std::exchange(wanted_, false)) {
            return false;
        }
        stream_.Write(v1::WakeReply(), written_tag());
        return true;
    }
    void wrote(bool) override {}
    void finish(const grpc::Status& status) override { stream_.Finish(status, finished_tag()); }
    void leave() override { method().sessions.stop_listening(session_, id_); }

    inline static std::atomic<std::uint64_t> next_id_ = 1;
    const std::uint64_t id_ = next_id_++;
    v1::WakeRequest request_;
    grpc::ServerAsyncReaderWriter<v1::WakeReply, v1::WakeRequest> stream_{&context()};
    RpcTag read_{[this](bool ok) { read(ok); }};
    // Under the mutex.
    std::uint64_t session_ = 0;
    Fd host_event_;
    bool wanted_ = false;
};

}  // namespace

void serve_wake(std::shared_ptr<const StreamMethod> method) {
    StreamCall::await<WakeCall>(std::move(method));
}

}  // namespace mrda::service
