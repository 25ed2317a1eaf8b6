// SPDX-License-Identifier: MIT
#include "wake_stream.h"

#include <chrono>
#include <utility>

namespace mrda::guest::core {

namespace {

constexpr std::chrono::milliseconds kPause(50);

}  // namespace

WakeStream::WakeStream(Control& control, std::uint64_t session, Fd woken)
    : control_(control), session_(session), woken_(std::move(woken)), thread_([this] { run(); }) {}

WakeStream::~WakeStream() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        if (context_ != nullptr) {
            context_->TryCancel();
        }
    }
    news_.notify_all();
    thread_.join();
}

void WakeStream::ring() {
    {
        const std::lock_guard lock(mutex_);
        rung_ = true;
    }
    news_.notify_all();
}

void WakeStream::run() {
    do {
        grpc::ClientContext context;
        {
            const std::lock_guard lock(mutex_);
            if (ended_) {
                return;
            }
            context_ = &context;
            broken_ = false;
        }
        follow(context);
        const std::lock_guard lock(mutex_);
        context_ = nullptr;
    } while (pause());
}

void WakeStream::follow(grpc::ClientContext& context) {
    const auto stream = control_.open_wake_stream(context);
    v1::WakeRequest first;
    first.set_session_id(session_);
    if (stream->Write(first)) {
        std::thread writer([this, &stream] { write(*stream); });
        v1::WakeReply reply;
        while (stream->Read(&reply)) {
            ivshmem::signal_event(woken_.get());
        }
        {
            const std::lock_guard lock(mutex_);
            broken_ = true;
        }
        news_.notify_all();
        writer.join();
    }
    static_cast<void>(stream->Finish().ok());
}

void WakeStream::write(Stream& stream) {
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            news_.wait(lock, [this] { return rung_ || broken_ || ended_; });
            if (broken_ || ended_) {
                return;
            }
            rung_ = false;
        }
        if (!stream.Write(v1::WakeRequest())) {
            return;
        }
    }
}

bool WakeStream::pause() {
    std::unique_lock lock(mutex_);
    return !news_.wait_for(lock, kPause, [this] { return ended_; });
}

}  // namespace mrda::guest::core
