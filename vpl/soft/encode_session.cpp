// SPDX-License-Identifier: MIT
#include "encode_session.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

namespace mrda::vpl::soft {

namespace {

// Results of operations that were never waited for stay findable for so many later ones.
constexpr std::size_t kOperationSlots = 256;

// A sync point is a number, never an address: 24 bits of encoder, 40 bits of operation.
constexpr unsigned kOperationBits = 40;
constexpr std::uint64_t kOperationMask = (std::uint64_t{1} << kOperationBits) - 1;

std::uint32_t next_encoder_id() {
    static std::atomic<std::uint32_t> counter{0};
    return (counter.fetch_add(1) + 1) & 0xFFFFFF;
}

mfxSyncPoint to_sync_point(std::uint32_t encoder, std::uint64_t operation) {
    const std::uint64_t value = (std::uint64_t{encoder} << kOperationBits) | operation;
    return reinterpret_cast<mfxSyncPoint>(static_cast<std::uintptr_t>(value));
}

int own_qp(const mfxEncodeCtrl* control, RateMode mode) {
    return control != nullptr && control->QP > 0 && mode == RateMode::cqp ? control->QP : -1;
}

}  // namespace

EncodeSession::EncodeSession(const EncoderConfig& config, const FrameFormat& format,
                             FrameSource source)
    : id_(next_encoder_id()),
      config_(config),
      format_(format),
      source_(std::move(source)),
      operations_(kOperationSlots),
      reorder_frames_(reorder_frames(config)),
      staging_(format, config) {}

std::unique_ptr<EncodeSession> EncodeSession::open(const EncoderConfig& config,
                                                   const FrameFormat& format, FrameSource source) {
    std::unique_ptr<EncodeSession> session(new EncodeSession(config, format, std::move(source)));
    session->encoder_ = find_codec(config.codec)->open(config, *session);
    if (!session->encoder_) {
        return nullptr;
    }
    session->delay_frames_ = session->encoder_->delay_frames();
    session->worker_ = std::thread([raw = session.get()] { raw->work(); });
    session->worker_id_ = session->worker_.get_id();
    return session;
}

void EncodeSession::close() {
    {
        const std::lock_guard lock(mutex_);
        fail_locked(MFX_ERR_ABORTED);
    }
    if (worker_.joinable()) {
        worker_.join();
    }
}

EncodeSession::~EncodeSession() {
    close();
    // Before the members that its sink uses.
    encoder_.reset();
}

mfxStatus EncodeSession::submit(const mfxEncodeCtrl* control, mfxFrameSurface1* surface,
                                mfxBitstream& bitstream, mfxSyncPoint& sync) {
    // Taking a surface and letting it go calls the client, whose callbacks may call us (on the
    // worker with the limits of called_by_worker()): so both happen without the lock, and the job
    // outlives it.
    Job job;
    std::unique_lock lock(mutex_);
    if (const mfxStatus ready = takes_work(); ready != MFX_ERR_NONE) {
        return ready;
    }
    if (surface == nullptr) {
        return submit_drain(bitstream, sync);
    }
    job.qp = own_qp(control, config_.rate.mode);
    if (job.qp >= 0 && !takes_frame_qp(config_, job.qp)) {
        return MFX_ERR_INVALID_VIDEO_PARAM;
    }
    const FrameFormat format = format_;
    const std::uint64_t resets = resets_;
    lock.unlock();
    const mfxStatus acquired = FrameInput::acquire(source_, format, *surface, job.input);
    if (acquired != MFX_ERR_NONE) {
        return acquired;
    }
    lock.lock();
    if (const mfxStatus ready = takes_work(); ready != MFX_ERR_NONE) {
        return ready;
    }
    if (resets != resets_) {
        return MFX_WRN_DEVICE_BUSY;  // What was checked is no longer what is encoded.
    }
    return submit_frame(control, surface->Data.TimeStamp, job, bitstream, sync);
}

mfxStatus EncodeSession::takes_work() const {
    if (failure_ != MFX_ERR_NONE) {
        return failure_;
    }
    const bool full = created_ - completed_ >= static_cast<std::uint64_t>(config_.async_depth);
    return reset_ != nullptr || full ? MFX_WRN_DEVICE_BUSY : MFX_ERR_NONE;
}

mfxStatus EncodeSession::submit_frame(const mfxEncodeCtrl* control, mfxU64 time_stamp, Job& job,
                                      mfxBitstream& bitstream, mfxSyncPoint& sync) {
    // A codec that was flushed takes no more; what comes after is a sequence of its own.
    job.reopen = std::exchange(flushed_, false);
    job.index = next_index_;
    job.picture_kind = plan_picture(control);
    if (job.picture_kind == PictureKind::idr && !find_codec(config_.codec)->forces_idr) {
        job.reopen = job.reopen || job.index > 0;
        job.picture_kind = PictureKind::automatic;
    }
    if (job.reopen) {
        last_idr_index_ = last_intra_index_ = job.index;
    }
    time_stamps_[static_cast<std::size_t>(next_index_) % kTimeStamps] = time_stamp;
    ++next_index_;
    enqueue(std::move(job));
    if (++frames_without_operation_ <= delay_frames_) {
        return MFX_ERR_MORE_DATA;
    }
    --frames_without_operation_;
    sync = create_operation(bitstream);
    return MFX_ERR_NONE;
}

mfxStatus EncodeSession::submit_drain(mfxBitstream& bitstream, mfxSyncPoint& sync) {
    if (frames_without_operation_ == 0) {
        return MFX_ERR_MORE_DATA;
    }
    if (!std::exchange(flushed_, true)) {
        Job job;
        job.kind = JobKind::flush;
        enqueue(std::move(job));
    }
    --frames_without_operation_;
    sync = create_operation(bitstream);
    return MFX_ERR_NONE;
}

PictureKind EncodeSession::plan_picture(const mfxEncodeCtrl* control) {
    const bool forced_idr = control != nullptr && (control->FrameType & MFX_FRAMETYPE_IDR) != 0;
    const bool forced_intra = control != nullptr && (control->FrameType & MFX_FRAMETYPE_I) != 0;
    const std::int64_t since_idr = next_index_ - last_idr_index_;
    if (forced_idr || (config_.idr_period_frames > 0 && since_idr >= config_.idr_period_frames)) {
        last_idr_index_ = last_intra_index_ = next_index_;
        // The library keeps the period itself, unless I frames stand between IDR frames.
        const bool library_keeps = config_.intra_period_frames == config_.idr_period_frames;
        return forced_idr || !library_keeps ? PictureKind::idr : PictureKind::automatic;
    }
    const bool periodic_intra = config_.intra_period_frames > 0 &&
                                next_index_ - last_intra_index_ >= config_.intra_period_frames;
    if (next_index_ > 0 && (forced_intra || periodic_intra)) {
        last_intra_index_ = next_index_;
        return PictureKind::intra;
    }
    return PictureKind::automatic;
}

void EncodeSession::enqueue(Job&& job) {
    jobs_.push(std::move(job));
    work_ready_.notify_one();
}

mfxSyncPoint EncodeSession::create_operation(mfxBitstream& bitstream) {
    const std::uint64_t number = created_++;
    Operation& operation = slot_of(number);
    operation.number = number;
    operation.state = OperationState::pending;
    operation.status = MFX_ERR_NONE;
    operation.bitstream = &bitstream;
    complete_early();
    return to_sync_point(id_, number & kOperationMask);
}

mfxStatus EncodeSession::sync(mfxSyncPoint sync, mfxU32 timeout_ms) {
    const auto value = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(sync));
    if (value >> kOperationBits != id_) {
        return MFX_ERR_INVALID_HANDLE;
    }
    const std::uint64_t number = value & kOperationMask;
    std::unique_lock lock(mutex_);
    auto is_live = [&] {
        const Operation& slot = slot_of(number);
        return slot.number == number && slot.state != OperationState::unused;
    };
    if (!is_live()) {
        return MFX_ERR_INVALID_HANDLE;
    }
    auto is_over = [&] { return !is_live() || slot_of(number).state != OperationState::pending; };
    if (!is_over() && called_by_worker()) {
        return MFX_ERR_UNDEFINED_BEHAVIOR;
    }
    if (timeout_ms == MFX_INFINITE) {
        progress_.wait(lock, is_over);
    } else if (!progress_.wait_for(lock, std::chrono::milliseconds(timeout_ms), is_over)) {
        return MFX_WRN_IN_EXECUTION;
    }
    if (!is_live()) {
        return MFX_ERR_INVALID_HANDLE;
    }
    Operation& operation = slot_of(number);
    if (operation.state == OperationState::kept) {
        if (!append(operation.kept, operation.kept.data, *operation.bitstream)) {
            return MFX_ERR_NOT_ENOUGH_BUFFER;
        }
        operation.state = OperationState::done;
    }
    return operation.status;
}

mfxStatus EncodeSession::reset(const EncoderConfig& config, const FrameFormat& format) {
    if (called_by_worker()) {
        return MFX_ERR_UNDEFINED_BEHAVIOR;
    }
    ResetRequest request{.config = config, .format = format};
    std::unique_lock lock(mutex_);
    if (failure_ != MFX_ERR_NONE) {
        return failure_;
    }
    if (reset_ != nullptr) {
        return MFX_WRN_DEVICE_BUSY;  // Another thread's is under way.
    }
    reset_ = &request;
    Job job;
    job.kind = JobKind::reset;
    enqueue(std::move(job));
    progress_.wait(lock, [&] { return request.done || stopped_; });
    reset_ = nullptr;
    if (!request.done) {
        return failure_;
    }
    return request.succeeded ? MFX_ERR_NONE : MFX_ERR_INVALID_VIDEO_PARAM;
}

EncodeSession::Statistics EncodeSession::statistics() const {
    const std::lock_guard lock(mutex_);
    Statistics statistics = statistics_;
    statistics.cached_frames = static_cast<std::uint32_t>(next_index_ - decode_index_);
    return statistics;
}

StreamHeaders EncodeSession::headers() const {
    const std::lock_guard lock(mutex_);
    return encoder_->headers();
}

int EncodeSession::level() const {
    const std::lock_guard lock(mutex_);
    return encoder_->level();
}

int EncodeSession::delay_frames() const {
    const std::lock_guard lock(mutex_);
    return delay_frames_;
}

}  // namespace mrda::vpl::soft
