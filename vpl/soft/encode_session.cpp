// SPDX-License-Identifier: MIT
#include "encode_session.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <utility>

namespace mrda::vpl::soft {

namespace {

// Results of operations that were never waited for stay findable for so many later ones.
constexpr std::size_t kOperationSlots = 256;
constexpr std::uint64_t kTimeUnitsPerSecond = 90000;

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
    return session;
}

void EncodeSession::abort() {
    {
        const std::lock_guard lock(mutex_);
        fail_locked(MFX_ERR_ABORTED);
    }
}

EncodeSession::~EncodeSession() {
    abort();
    if (worker_.joinable()) {
        worker_.join();
    }
    // Before the members that its sink uses.
    encoder_.reset();
}

mfxStatus EncodeSession::submit(const mfxEncodeCtrl* control, mfxFrameSurface1* surface,
                                mfxBitstream& bitstream, mfxSyncPoint& sync) {
    const std::lock_guard lock(mutex_);
    if (failure_ != MFX_ERR_NONE) {
        return failure_;
    }
    if (reset_ != nullptr ||
        created_ - completed_ >= static_cast<std::uint64_t>(config_.async_depth)) {
        return MFX_WRN_DEVICE_BUSY;
    }
    return surface != nullptr ? submit_frame(control, *surface, bitstream, sync)
                              : submit_drain(bitstream, sync);
}

mfxStatus EncodeSession::submit_frame(const mfxEncodeCtrl* control, mfxFrameSurface1& surface,
                                      mfxBitstream& bitstream, mfxSyncPoint& sync) {
    Job job;
    job.qp = own_qp(control, config_.rate.mode);
    if (job.qp >= 0 && !takes_frame_qp(config_, job.qp)) {
        return MFX_ERR_INVALID_VIDEO_PARAM;
    }
    const mfxStatus status = FrameInput::acquire(source_, format_, surface, job.input);
    if (status != MFX_ERR_NONE) {
        return status;
    }
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
    time_stamps_[static_cast<std::size_t>(next_index_) % kTimeStamps] = surface.Data.TimeStamp;
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

void EncodeSession::enqueue(Job job) {
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
    // The first frames in decoding order come before the first in display order.
    const auto units = static_cast<std::int64_t>(kTimeUnitsPerSecond * config_.frame_rate_den);
    frame.decode_time_stamp =
        static_cast<mfxI64>(known) - missing * units / std::int64_t{config_.frame_rate_num};
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
