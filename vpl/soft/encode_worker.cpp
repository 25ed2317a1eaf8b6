// SPDX-License-Identifier: MIT
// The worker's side of an EncodeSession: it takes jobs, runs the codec and completes operations.
#include <algorithm>
#include <cstring>
#include <utility>

#include "encode_session.h"

namespace mrda::vpl::soft {

namespace {

constexpr std::uint64_t kTimeUnitsPerSecond = 90000;

}  // namespace

bool EncodeSession::append(const CodedFrame& frame, std::span<const std::uint8_t> data,
                           mfxBitstream& bitstream) {
    const std::uint64_t end = std::uint64_t{bitstream.DataOffset} + bitstream.DataLength;
    if (bitstream.Data == nullptr || end > bitstream.MaxLength ||
        data.size() > bitstream.MaxLength - end) {
        return false;
    }
    std::memcpy(bitstream.Data + end, data.data(), data.size());
    bitstream.DataLength += static_cast<mfxU32>(data.size());
    bitstream.TimeStamp = frame.time_stamp;
    bitstream.DecodeTimeStamp = frame.decode_time_stamp;
    bitstream.FrameType = frame.frame_type;
    bitstream.PicStruct = MFX_PICSTRUCT_PROGRESSIVE;
    return true;
}

void EncodeSession::complete(Operation& operation, CodedFrame& frame,
                             std::span<const std::uint8_t> data) {
    ++completed_;
    if (append(frame, data, *operation.bitstream)) {
        operation.state = OperationState::done;
    } else {
        operation.kept.data.assign(data.begin(), data.end());
        operation.kept.time_stamp = frame.time_stamp;
        operation.kept.decode_time_stamp = frame.decode_time_stamp;
        operation.kept.frame_type = frame.frame_type;
        operation.state = OperationState::kept;
    }
    progress_.notify_all();
}

void EncodeSession::stamp(const Packet& packet, CodedFrame& frame) const {
    auto time_of = [this](std::int64_t index) {
        return time_stamps_[static_cast<std::size_t>(index) % kTimeStamps];
    };
    frame.frame_type = packet.frame_type;
    frame.index = packet.index;
    frame.time_stamp = time_of(packet.index);
    const std::int64_t index = decode_index_ - reorder_frames_;
    const std::int64_t missing = std::max<std::int64_t>(0, sequence_start_ - index);
    const mfxU64 known = time_of(index + missing);
    if (known == static_cast<mfxU64>(MFX_TIMESTAMP_UNKNOWN)) {
        frame.decode_time_stamp = MFX_TIMESTAMP_UNKNOWN;
        return;
    }
    // The first frames in decoding order come before the first in display order. A client's time
    // may be any number, so this wraps.
    const std::uint64_t units = kTimeUnitsPerSecond * config_.frame_rate_den;
    const std::uint64_t earlier = static_cast<std::uint64_t>(missing) * units;
    frame.decode_time_stamp = static_cast<mfxI64>(known - earlier / config_.frame_rate_num);
}

void EncodeSession::deliver(const Packet& packet) {
    const std::lock_guard lock(mutex_);
    try {
        CodedFrame frame;
        if (!spare_.empty()) {
            frame = spare_.pop();
        }
        stamp(packet, frame);
        ++decode_index_;
        ++statistics_.frames;
        statistics_.bits += packet.data.size() * 8;
        const bool in_turn = early_.empty() && packet.index < released_index_;
        if (completed_ < created_ && in_turn) {
            complete(slot_of(completed_), frame, packet.data);
            spare_.push(std::move(frame));
        } else {
            frame.data.assign(packet.data.begin(), packet.data.end());
            early_.push(std::move(frame));
        }
    } catch (const std::bad_alloc&) {
        fail_locked(MFX_ERR_MEMORY_ALLOC);
    }
}

// A client may free a surface as soon as it has waited for its frame: so no operation is completed
// before the surface is let go.
void EncodeSession::complete_early() {
    while (completed_ < created_ && !early_.empty() && early_.front().index < released_index_) {
        CodedFrame frame = early_.pop();
        complete(slot_of(completed_), frame, frame.data);
        spare_.push(std::move(frame));
    }
}

void EncodeSession::picture_taken() {
    running_->input.release();
    const std::lock_guard lock(mutex_);
    released_index_ = running_->index + 1;
    try {
        complete_early();
    } catch (const std::bad_alloc&) {
        fail_locked(MFX_ERR_MEMORY_ALLOC);
    }
}

void EncodeSession::fail() {
    const std::lock_guard lock(mutex_);
    fail_locked(MFX_ERR_DEVICE_FAILED);
}

// The worker lets go of the clients' surfaces before it answers those who wait.
void EncodeSession::fail_locked(mfxStatus status) {
    if (failure_ == MFX_ERR_NONE) {
        failure_ = status;
    }
    work_ready_.notify_all();
}

void EncodeSession::work() {
    Job job;
    while (next_job(job)) {
        mfxStatus status = MFX_ERR_NONE;
        try {
            status = run(job);
        } catch (const std::exception&) {
            // No memory, or no thread for the codec.
            status = MFX_ERR_MEMORY_ALLOC;
        }
        job.input.release();
        if (status != MFX_ERR_NONE) {
            const std::lock_guard lock(mutex_);
            fail_locked(status);
        }
    }
    stop();
}

bool EncodeSession::next_job(Job& job) {
    std::unique_lock lock(mutex_);
    work_ready_.wait(lock, [this] { return failure_ != MFX_ERR_NONE || !jobs_.empty(); });
    if (failure_ != MFX_ERR_NONE) {
        return false;
    }
    job = jobs_.pop();
    return true;
}

void EncodeSession::stop() {
    Ring<Job> left;
    {
        const std::lock_guard lock(mutex_);
        std::swap(left, jobs_);
    }
    left.clear();
    const std::lock_guard lock(mutex_);
    for (; completed_ < created_; ++completed_) {
        Operation& operation = slot_of(completed_);
        operation.state = OperationState::done;
        operation.status = failure_;
    }
    stopped_ = true;
    progress_.notify_all();
}

mfxStatus EncodeSession::run(Job& job) {
    switch (job.kind) {
        case JobKind::flush:
            return run_flush();
        case JobKind::reset:
            return run_reset();
        case JobKind::frame:
            break;
    }
    return run_frame(job);
}

mfxStatus EncodeSession::run_frame(Job& job) {
    if (job.reopen && !reopen(config_)) {
        return MFX_ERR_DEVICE_FAILED;
    }
    FramePlanes planes;
    std::uint64_t copied_bytes = 0;
    const mfxStatus mapped = job.input.map(planes, copied_bytes);
    if (mapped != MFX_ERR_NONE) {
        return mapped;
    }
    Picture picture;
    copied_bytes += staging_.prepare(planes, picture);
    picture.index = job.index;
    picture.kind = job.picture_kind;
    picture.qp = job.qp;
    {
        const std::lock_guard lock(mutex_);
        statistics_.codec_copied_bytes += copied_bytes;
        ++statistics_.frames_given;
    }
    running_ = &job;
    const bool encoded = encoder_->encode(picture);
    return encoded ? MFX_ERR_NONE : MFX_ERR_DEVICE_FAILED;
}

mfxStatus EncodeSession::run_flush() {
    if (!std::exchange(encoder_flushed_, true) && !encoder_->flush()) {
        return MFX_ERR_DEVICE_FAILED;
    }
    return MFX_ERR_NONE;
}

bool EncodeSession::reopen(const EncoderConfig& config) {
    if (run_flush() != MFX_ERR_NONE) {
        return false;
    }
    std::unique_ptr<Encoder> next = find_codec(config.codec)->open(config, *this);
    if (!next) {
        return false;
    }
    const std::lock_guard lock(mutex_);
    encoder_.swap(next);
    encoder_flushed_ = false;
    sequence_start_ = decode_index_;
    return true;
}

mfxStatus EncodeSession::run_reset() {
    ResetRequest& request = *reset_;
    Staging staging(request.format, request.config);
    const bool succeeded = reopen(request.config);
    if (!succeeded && !reopen(config_)) {
        return MFX_ERR_DEVICE_FAILED;
    }
    const std::lock_guard lock(mutex_);
    // Frames that no operation was promised for are gone, as the API has it.
    early_.clear();
    ++resets_;
    frames_without_operation_ = 0;
    flushed_ = false;
    last_idr_index_ = last_intra_index_ = next_index_;
    if (succeeded) {
        config_ = request.config;
        format_ = request.format;
        delay_frames_ = encoder_->delay_frames();
        reorder_frames_ = reorder_frames(config_);
        staging_ = std::move(staging);
    }
    request.succeeded = succeeded;
    request.done = true;
    progress_.notify_all();
    return MFX_ERR_NONE;
}

}  // namespace mrda::vpl::soft
