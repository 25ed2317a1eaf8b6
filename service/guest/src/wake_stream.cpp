// SPDX-License-Identifier: MIT
#include "wake_stream.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace mrda::guest::core {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause(20);
constexpr milliseconds kLastPause(1'000);

/// No later stream can do better.
bool is_final(const grpc::Status& status) {
    return status.error_code() == grpc::StatusCode::NOT_FOUND ||
           status.error_code() == grpc::StatusCode::FAILED_PRECONDITION;
}

}  // namespace

Result<std::shared_ptr<WakeStream>> WakeStream::start(Control& control, std::uint64_t session,
                                                      Fd woken) {
    std::shared_ptr<WakeStream> made(new WakeStream(control, session, std::move(woken)));
    try {
        made->reader_ = std::thread([stream = made.get()] { stream->read(); });
        made->writer_ = std::thread([stream = made.get()] { stream->write(); });
    } catch (const std::system_error& error) {
        return make_error(Errc::exhausted,
                          std::string("cannot start a thread for wake-ups: ") + error.what());
    }
    return made;
}

WakeStream::WakeStream(Control& control, std::uint64_t session, Fd woken)
    : control_(control), session_(session), woken_(std::move(woken)) {}

WakeStream::~WakeStream() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        if (context_ != nullptr) {
            context_->TryCancel();
        }
    }
    news_.notify_all();
    for (std::thread* const thread : {&reader_, &writer_}) {
        if (thread->joinable()) {
            thread->join();
        }
    }
}

void WakeStream::ring() {
    {
        const std::lock_guard lock(mutex_);
        rung_ = true;
    }
    news_.notify_all();
}

void WakeStream::read() {
    milliseconds length = kFirstPause;
    for (;;) {
        grpc::ClientContext context;
        {
            const std::lock_guard lock(mutex_);
            if (ended_) {
                return;
            }
            context_ = &context;
        }
        bool heard = false;
        const grpc::Status status = follow(context, heard);
        {
            const std::lock_guard lock(mutex_);
            context_ = nullptr;
        }
        length = heard ? kFirstPause : std::min(2 * length, kLastPause);
        if (is_final(status) || !pause(length)) {
            return;
        }
    }
}

grpc::Status WakeStream::follow(grpc::ClientContext& context, bool& heard) {
    const auto stream = control_.open_wake_stream(context);
    v1::WakeRequest first;
    first.set_session_id(session_);
    if (stream->Write(first)) {
        {
            const std::lock_guard lock(mutex_);
            stream_ = stream.get();
        }
        news_.notify_all();
        v1::WakeReply reply;
        while (stream->Read(&reply)) {
            heard = true;
            ivshmem::signal_event(woken_.get());
        }
        std::unique_lock lock(mutex_);
        stream_ = nullptr;
        // A stream that has ended writes nothing more, and says so.
        news_.wait(lock, [this] { return !writing_; });
    }
    return stream->Finish();
}

void WakeStream::write() {
    std::unique_lock lock(mutex_);
    for (;;) {
        news_.wait(lock, [this] { return ended_ || (rung_ && stream_ != nullptr); });
        if (ended_) {
            return;
        }
        rung_ = false;
        writing_ = true;
        Stream* const stream = stream_;
        lock.unlock();
        const bool written = stream->Write(v1::WakeRequest());
        lock.lock();
        writing_ = false;
        if (!written) {
            stream_ = nullptr;
            rung_ = true;  // For the next one.
        }
        news_.notify_all();
    }
}

bool WakeStream::pause(milliseconds length) {
    std::unique_lock lock(mutex_);
    return !news_.wait_for(lock, length, [this] { return ended_; });
}

}  // namespace mrda::guest::core
