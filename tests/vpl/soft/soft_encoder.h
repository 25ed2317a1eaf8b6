// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <vpl/mfx.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mrda::vpl::soft_test {

/// A session on the software runtime, found by the real dispatcher.
class SoftSession {
  public:
    SoftSession();
    ~SoftSession();
    SoftSession(const SoftSession&) = delete;
    SoftSession& operator=(const SoftSession&) = delete;

    mfxSession get() const { return session_; }
    mfxLoader loader() const { return loader_; }

  private:
    mfxLoader loader_ = nullptr;
    mfxSession session_ = nullptr;
};

/// Parameters that Init accepts: CQP, system memory, 30 frames a second, low delay.
mfxVideoParam make_params(mfxU32 codec, int width_px, int height_px,
                          mfxU32 fourcc = MFX_FOURCC_NV12);

/// A frame in system memory, of moving shapes and noise: no two are alike, and none is cheap.
class SoftFrame {
  public:
    SoftFrame(const mfxFrameInfo& info, int number);

    mfxFrameSurface1& surface() { return surface_; }
    /// Data.Locked, as the runtime left it.
    mfxU16 lock_count();

  private:
    std::vector<std::uint8_t> bytes_;
    mfxFrameSurface1 surface_{};
};

struct SoftBitstream {
    explicit SoftBitstream(std::size_t size_bytes);
    std::vector<mfxU8> bytes;
    mfxBitstream stream{};
};

/// What a parameterised test is called for its codec.
std::string codec_test_name(const testing::TestParamInfo<mfxU32>& codec);

/// One coded frame, as a client saw it.
struct Coded {
    mfxU64 time_stamp = 0;
    mfxI64 decode_time_stamp = 0;
    mfxU16 frame_type = 0;
    std::vector<mfxU8> data;
};

/// An encoder on a session of its own, used the way clients use one.
class SoftEncoder {
  public:
    /// Records a test failure if Init does not give `expected`.
    explicit SoftEncoder(mfxVideoParam params, mfxStatus expected = MFX_ERR_NONE);

    mfxSession session() const { return session_.get(); }
    const mfxFrameInfo& info() const { return params_.mfx.FrameInfo; }
    /// What GetVideoParam answers.
    mfxVideoParam actual() const;

    /// The first frame's time; without it, 0.
    void begin_at(mfxU64 time_stamp) { first_time_ = time_stamp; }
    /// Encodes `count` frames, and collects what comes; waits whenever AsyncDepth operations are
    /// under way.
    std::vector<Coded> encode(int count, mfxEncodeCtrl* control = nullptr, int control_at = -1);
    std::vector<Coded> drain();
    /// MFX_ERR_MORE_DATA answers before the first operation.
    int answers_before_first() const { return answers_before_first_; }

  private:
    struct Pending {
        mfxSyncPoint sync = nullptr;
        std::unique_ptr<SoftBitstream> bitstream;
    };
    mfxStatus submit(mfxEncodeCtrl* control, mfxFrameSurface1* surface);
    void collect_oldest();

    SoftSession session_;
    mfxVideoParam params_;
    mfxVideoParam actual_{};
    int next_frame_ = 0;
    mfxU64 first_time_ = 0;
    int answers_before_first_ = 0;
    bool started_ = false;
    std::vector<std::unique_ptr<SoftFrame>> frames_;
    std::vector<Pending> pending_;
    std::vector<Coded> collected_;
};

}  // namespace mrda::vpl::soft_test
