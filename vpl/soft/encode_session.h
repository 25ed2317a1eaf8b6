// SPDX-License-Identifier: MIT
#pragma once

#include <vpl/mfxvideo.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "encoder.h"
#include "input.h"
#include "ring.h"
#include "staging.h"

namespace mrda::vpl::soft {

/// One initialised encoder of a session: a queue of frames, the thread that gives them to the
/// codec, and the operations that clients wait for.
///
/// Call number i of submit() that carries a frame answers MFX_ERR_MORE_DATA while i <
/// delay_frames(), and else gives the sync point of coded frame i - delay_frames(). As the delay is
/// an upper bound of the codec's own, no sync point ever waits for a frame that has not been
/// submitted. A frame that the codec has ready sooner is kept for its operation. All methods may be
/// called from any thread.
class EncodeSession final : private PacketSink {
  public:
    /// Null if the codec library refuses `config`. May throw std::bad_alloc and std::system_error.
    static std::unique_ptr<EncodeSession> open(const EncoderConfig& config,
                                               const FrameFormat& format, FrameSource source);
    ~EncodeSession();

    EncodeSession(const EncodeSession&) = delete;
    EncodeSession& operator=(const EncodeSession&) = delete;

    /// EncodeFrameAsync, with a null surface to drain. Never waits.
    mfxStatus submit(const mfxEncodeCtrl* control, mfxFrameSurface1* surface,
                     mfxBitstream& bitstream, mfxSyncPoint& sync);
    /// MFX_ERR_INVALID_HANDLE if the sync point is not (or no longer) this object's. A coded frame
    /// that does not fit its bitstream gives MFX_ERR_NOT_ENOUGH_BUFFER and is kept: make room, sync
    /// again.
    mfxStatus sync(mfxSyncPoint sync, mfxU32 timeout_ms);
    /// Finishes what has a sync point, drops the other frames, and goes on with `config`. Waits.
    mfxStatus reset(const EncoderConfig& config, const FrameFormat& format);
    /// Answers all that wait with MFX_ERR_ABORTED, takes nothing more, and waits for the worker.
    void close();

    /// Whether a callback of the client's calls, to which the worker gave a surface back. There
    /// close() must not be called, and what else would wait for the worker answers
    /// MFX_ERR_UNDEFINED_BEHAVIOR.
    bool called_by_worker() const { return std::this_thread::get_id() == worker_id_; }

    struct Statistics {
        std::uint64_t frames = 0;
        std::uint64_t bits = 0;
        std::uint32_t cached_frames = 0;
        std::uint64_t codec_copied_bytes = 0;
        std::uint64_t frames_given = 0;
    };
    Statistics statistics() const;
    StreamHeaders headers() const;
    int level() const;
    int delay_frames() const;

  private:
    struct CodedFrame {
        std::vector<std::uint8_t> data;
        mfxU64 time_stamp = 0;
        mfxI64 decode_time_stamp = 0;
        mfxU16 frame_type = 0;
        std::int64_t index = 0;
    };
    enum class OperationState : std::uint8_t { unused, pending, kept, done };
    struct Operation {
        std::uint64_t number = 0;
        OperationState state = OperationState::unused;
        mfxStatus status = MFX_ERR_NONE;
        mfxBitstream* bitstream = nullptr;
        CodedFrame kept;
    };
    enum class JobKind : std::uint8_t { frame, flush, reset };
    struct Job {
        JobKind kind = JobKind::frame;
        FrameInput input;
        std::int64_t index = 0;
        PictureKind picture_kind = PictureKind::automatic;
        int qp = -1;
        bool reopen = false;
    };
    struct ResetRequest {
        EncoderConfig config;
        FrameFormat format;
        bool done = false;
        bool succeeded = false;
    };

    EncodeSession(const EncoderConfig& config, const FrameFormat& format, FrameSource source);

    void deliver(const Packet& packet) override;
    void picture_taken() override;
    void fail() override;

    mfxStatus takes_work() const;
    mfxStatus submit_frame(const mfxEncodeCtrl* control, mfxU64 time_stamp, Job& job,
                           mfxBitstream& bitstream, mfxSyncPoint& sync);
    mfxStatus submit_drain(mfxBitstream& bitstream, mfxSyncPoint& sync);
    PictureKind plan_picture(const mfxEncodeCtrl* control);
    void enqueue(Job&& job);
    mfxSyncPoint create_operation(mfxBitstream& bitstream);
    Operation& slot_of(std::uint64_t number) { return operations_[number % operations_.size()]; }
    static bool append(const CodedFrame& frame, std::span<const std::uint8_t> data,
                       mfxBitstream& bitstream);
    void complete(Operation& operation, CodedFrame& frame, std::span<const std::uint8_t> data);
    void stamp(const Packet& packet, CodedFrame& frame) const;
    void complete_early();
    void fail_locked(mfxStatus status);

    void work();
    bool next_job(Job& job);
    void stop();
    mfxStatus run(Job& job);
    mfxStatus run_frame(Job& job);
    mfxStatus run_flush();
    mfxStatus run_reset();
    bool reopen(const EncoderConfig& config);

    const std::uint32_t id_;
    EncoderConfig config_;
    FrameFormat format_;
    const FrameSource source_;

    mutable std::mutex mutex_;
    std::condition_variable work_ready_;
    std::condition_variable progress_;
    Ring<Job> jobs_;
    std::vector<Operation> operations_;
    std::uint64_t created_ = 0;    ///< Operations handed out.
    std::uint64_t completed_ = 0;  ///< Of these, in order, no longer pending.
    int frames_without_operation_ = 0;
    int delay_frames_ = 0;
    std::int64_t next_index_ = 0;
    std::int64_t last_intra_index_ = 0;
    std::int64_t last_idr_index_ = 0;
    bool flushed_ = false;
    mfxStatus failure_ = MFX_ERR_NONE;  ///< Why the worker stops, or has stopped.
    bool stopped_ = false;
    ResetRequest* reset_ = nullptr;
    std::uint64_t resets_ = 0;  ///< That are over.

    // Coded frames that came before their operation, or before the client's surface was let go.
    Ring<CodedFrame> early_;
    Ring<CodedFrame> spare_;  ///< Their memory, for the next ones.

    static constexpr std::size_t kTimeStamps = 512;
    std::array<mfxU64, kTimeStamps> time_stamps_{};
    std::int64_t decode_index_ = 0;
    std::int64_t sequence_start_ = 0;
    int reorder_frames_ = 0;
    std::int64_t released_index_ =
        0;  ///< Surfaces of frames before this one are the client's again.
    Statistics statistics_;

    // The worker's own from here.
    Job* running_ = nullptr;
    Staging staging_;
    bool encoder_flushed_ = false;
    std::unique_ptr<Encoder> encoder_;  // Replaced under mutex_.
    std::thread worker_;
    std::thread::id worker_id_;  // Unlike worker_, it stays while that is joined.
};

}  // namespace mrda::vpl::soft
