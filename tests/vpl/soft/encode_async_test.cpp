// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <thread>
#include <utility>

#include "soft_encoder.h"

namespace mrda::vpl::soft_test {
namespace {

// Large and slow enough that the last of several frames cannot be done when the first call returns.
mfxVideoParam slow_params(mfxU16 async_depth) {
    mfxVideoParam params = make_params(MFX_CODEC_AVC, 1280, 720);
    params.mfx.TargetUsage = MFX_TARGETUSAGE_BEST_QUALITY;
    params.mfx.QPI = params.mfx.QPP = 18;
    params.AsyncDepth = async_depth;
    return params;
}

struct Submitted {
    mfxSyncPoint sync = nullptr;
    std::unique_ptr<SoftBitstream> bitstream;
    std::unique_ptr<SoftFrame> frame;
    mfxStatus status = MFX_ERR_NONE;
};

Submitted submit(const SoftEncoder& encoder, int number, std::size_t size_bytes = 4000000) {
    Submitted result;
    result.bitstream = std::make_unique<SoftBitstream>(size_bytes);
    result.frame = std::make_unique<SoftFrame>(encoder.info(), number);
    result.status =
        MFXVideoENCODE_EncodeFrameAsync(encoder.session(), nullptr, &result.frame->surface(),
                                        &result.bitstream->stream, &result.sync);
    return result;
}

TEST(VplSoftAsync, depth_one_without_b_frames_has_no_delay) {
    for (const mfxU32 codec : {MFX_CODEC_AVC, MFX_CODEC_HEVC}) {
        SoftEncoder encoder(make_params(codec, 128, 96));
        encoder.encode(2);
        EXPECT_EQ(encoder.answers_before_first(), 0);
    }
}

TEST(VplSoftAsync, as_many_operations_as_depth_are_under_way_before_busy) {
    SoftEncoder encoder(slow_params(4));
    std::vector<Submitted> submitted;
    int operations = 0;
    for (int i = 0; i < 20; ++i) {
        submitted.push_back(submit(encoder, i));
        if (submitted.back().status == MFX_WRN_DEVICE_BUSY) {
            break;
        }
        operations += submitted.back().status == MFX_ERR_NONE ? 1 : 0;
    }
    EXPECT_EQ(submitted.back().status, MFX_WRN_DEVICE_BUSY);
    EXPECT_GE(operations, 4);
    EXPECT_EQ(submitted.back().frame->lock_count(), 0);
    for (const Submitted& one : submitted) {
        if (one.sync != nullptr) {
            EXPECT_EQ(MFXVideoCORE_SyncOperation(encoder.session(), one.sync, MFX_INFINITE),
                      MFX_ERR_NONE);
            EXPECT_GT(one.bitstream->stream.DataLength, 0U);
        }
    }
}

TEST(VplSoftAsync, sync_says_in_execution_until_the_frame_is_coded) {
    SoftEncoder encoder(slow_params(1));
    Submitted one = submit(encoder, 0);
    ASSERT_EQ(one.status, MFX_ERR_NONE);
    EXPECT_EQ(MFXVideoCORE_SyncOperation(encoder.session(), one.sync, 0), MFX_WRN_IN_EXECUTION);
    EXPECT_EQ(MFXVideoCORE_SyncOperation(encoder.session(), one.sync, MFX_INFINITE), MFX_ERR_NONE);
    EXPECT_GT(one.bitstream->stream.DataLength, 0U);
}

TEST(VplSoftAsync, a_frame_too_large_for_its_bitstream_is_kept_until_there_is_room) {
    SoftEncoder encoder(make_params(MFX_CODEC_AVC, 128, 96));
    Submitted one = submit(encoder, 0, 16);
    ASSERT_EQ(one.status, MFX_ERR_NONE);
    EXPECT_EQ(MFXVideoCORE_SyncOperation(encoder.session(), one.sync, 60000),
              MFX_ERR_NOT_ENOUGH_BUFFER);
    EXPECT_EQ(one.bitstream->stream.DataLength, 0U);
    SoftBitstream larger(200000);
    one.bitstream->stream.Data = larger.stream.Data;
    one.bitstream->stream.MaxLength = larger.stream.MaxLength;
    EXPECT_EQ(MFXVideoCORE_SyncOperation(encoder.session(), one.sync, 60000), MFX_ERR_NONE);
    EXPECT_GT(one.bitstream->stream.DataLength, 16U);
}

TEST(VplSoftAsync, data_is_appended_after_what_the_bitstream_holds) {
    SoftEncoder encoder(make_params(MFX_CODEC_AVC, 128, 96));
    SoftFrame frame(encoder.info(), 0);
    SoftBitstream bitstream(200000);
    bitstream.stream.DataOffset = 100;
    bitstream.stream.DataLength = 50;
    mfxSyncPoint sync = nullptr;
    ASSERT_EQ(MFXVideoENCODE_EncodeFrameAsync(encoder.session(), nullptr, &frame.surface(),
                                              &bitstream.stream, &sync),
              MFX_ERR_NONE);
    ASSERT_EQ(MFXVideoCORE_SyncOperation(encoder.session(), sync, 60000), MFX_ERR_NONE);
    EXPECT_GT(bitstream.stream.DataLength, 50U);
    EXPECT_EQ(bitstream.bytes[149], 0);
    const std::array<mfxU8, 4> start_code = {bitstream.bytes[150], bitstream.bytes[151],
                                             bitstream.bytes[152], bitstream.bytes[153]};
    EXPECT_EQ(start_code, (std::array<mfxU8, 4>{0, 0, 0, 1}));
}

TEST(VplSoftAsync, closing_with_operations_under_way_unlocks_their_surfaces) {
    std::vector<Submitted> submitted;
    {
        SoftEncoder encoder(slow_params(4));
        for (int i = 0; i < 5; ++i) {
            submitted.push_back(submit(encoder, i));
        }
        ASSERT_EQ(MFXVideoENCODE_Close(encoder.session()), MFX_ERR_NONE);
        for (Submitted& one : submitted) {
            EXPECT_EQ(one.frame->lock_count(), 0);
        }
        EXPECT_EQ(MFXVideoCORE_SyncOperation(encoder.session(), submitted.back().sync, 0),
                  submitted.back().sync != nullptr ? MFX_ERR_INVALID_HANDLE : MFX_ERR_NULL_PTR);
    }
}

/// A frame whose surface calls `call` when the runtime's own thread gives it back.
class CallingFrame {
  public:
    CallingFrame(const mfxFrameInfo& info, std::function<mfxStatus()> call)
        : call_(std::move(call)), frame_(info, 0) {
        interface_.Context = this;
        interface_.AddRef = [](mfxFrameSurface1*) { return MFX_ERR_NONE; };
        interface_.Release = [](mfxFrameSurface1* surface) {
            auto& own = *static_cast<CallingFrame*>(surface->FrameInterface->Context);
            own.called_ = true;
            own.answer_ = own.call_();
            return MFX_ERR_NONE;
        };
        frame_.surface().Version.Version = MFX_FRAMESURFACE1_VERSION;
        frame_.surface().FrameInterface = &interface_;
    }
    CallingFrame(const CallingFrame&) = delete;
    CallingFrame& operator=(const CallingFrame&) = delete;

    mfxSyncPoint submit(mfxSession session) {
        mfxSyncPoint sync = nullptr;
        EXPECT_EQ(MFXVideoENCODE_EncodeFrameAsync(session, nullptr, &frame_.surface(),
                                                  &bitstream_.stream, &sync),
                  MFX_ERR_NONE);
        return sync;
    }
    void wait_for_call() const {
        while (!called_) {
            std::this_thread::yield();
        }
    }
    /// What `call` returned.
    mfxStatus answer() const { return answer_; }

  private:
    std::function<mfxStatus()> call_;
    SoftFrame frame_;
    SoftBitstream bitstream_{200000};
    mfxFrameSurfaceInterface interface_{};
    std::atomic<bool> called_ = false;
    std::atomic<mfxStatus> answer_ = MFX_ERR_NONE;
};

/// What is answered to `call` where the runtime's own thread makes it.
mfxStatus answer_in_callback(const SoftEncoder& encoder, std::function<mfxStatus()> call) {
    CallingFrame frame(encoder.info(), std::move(call));
    const mfxSyncPoint sync = frame.submit(encoder.session());
    EXPECT_EQ(MFXVideoCORE_SyncOperation(encoder.session(), sync, 60000), MFX_ERR_NONE);
    return frame.answer();
}

TEST(VplSoftCallback, cannot_close_the_encoder_which_goes_on) {
    SoftEncoder encoder(make_params(MFX_CODEC_AVC, 128, 96));
    const auto close = [&] { return MFXVideoENCODE_Close(encoder.session()); };
    EXPECT_EQ(answer_in_callback(encoder, close), MFX_ERR_UNDEFINED_BEHAVIOR);
    EXPECT_EQ(encoder.encode(2).size(), 2U);
    EXPECT_EQ(close(), MFX_ERR_NONE);
}

TEST(VplSoftCallback, cannot_reset_the_encoder_which_goes_on) {
    mfxVideoParam params = make_params(MFX_CODEC_AVC, 128, 96);
    SoftEncoder encoder(params);
    const auto reset = [&] { return MFXVideoENCODE_Reset(encoder.session(), &params); };
    EXPECT_EQ(answer_in_callback(encoder, reset), MFX_ERR_UNDEFINED_BEHAVIOR);
    EXPECT_EQ(encoder.encode(2).size(), 2U);
    EXPECT_EQ(reset(), MFX_ERR_NONE);
}

TEST(VplSoftCallback, cannot_wait_for_a_frame_that_its_own_thread_is_to_finish) {
    SoftEncoder encoder(make_params(MFX_CODEC_AVC, 128, 96));
    std::promise<mfxSyncPoint> submitted;
    CallingFrame frame(encoder.info(), [&] {
        const mfxSyncPoint own = submitted.get_future().get();
        return MFXVideoCORE_SyncOperation(encoder.session(), own, MFX_INFINITE);
    });
    const mfxSyncPoint sync = frame.submit(encoder.session());
    submitted.set_value(sync);
    EXPECT_EQ(MFXVideoCORE_SyncOperation(encoder.session(), sync, 60000), MFX_ERR_NONE);
    EXPECT_EQ(frame.answer(), MFX_ERR_UNDEFINED_BEHAVIOR);
}

TEST(VplSoftCallback, may_ask_the_encoder_while_another_thread_closes_it) {
    for (int i = 0; i < 20; ++i) {
        SoftEncoder encoder(make_params(MFX_CODEC_AVC, 128, 96));
        CallingFrame frame(encoder.info(), [&] {
            mfxVideoParam params{};
            mfxStatus status = MFX_ERR_NONE;
            while (status == MFX_ERR_NONE) {
                status = MFXVideoENCODE_GetVideoParam(encoder.session(), &params);
            }
            return status;
        });
        frame.submit(encoder.session());
        frame.wait_for_call();
        EXPECT_EQ(MFXVideoENCODE_Close(encoder.session()), MFX_ERR_NONE);
        EXPECT_EQ(frame.answer(), MFX_ERR_NOT_INITIALIZED);
    }
}

TEST(VplSoftAsync, an_invented_sync_point_is_refused) {
    SoftEncoder encoder(make_params(MFX_CODEC_AVC, 64, 64));
    int invented = 0;
    EXPECT_EQ(
        MFXVideoCORE_SyncOperation(encoder.session(), reinterpret_cast<mfxSyncPoint>(&invented), 0),
        MFX_ERR_INVALID_HANDLE);
}

// If the delay were less than the codec's own, a sync would wait for a frame that has not come.
RC_GTEST_PROP(VplSoftAsync, no_operation_waits_for_a_frame_that_was_not_submitted, ()) {
    const auto codec = *rc::gen::element<mfxU32>(MFX_CODEC_AVC, MFX_CODEC_HEVC, MFX_CODEC_AV1);
    mfxVideoParam params = make_params(codec, 128, 96);
    params.AsyncDepth = *rc::gen::inRange<mfxU16>(1, 6);
    const auto distance = *rc::gen::inRange(0, 4);
    params.mfx.GopRefDist = static_cast<mfxU16>(
        codec == MFX_CODEC_AV1 ? (distance > 1 ? 1 << distance : 1) : distance + 1);
    params.mfx.GopPicSize = *rc::gen::inRange<mfxU16>(20, 40);
    SoftEncoder encoder(params);
    const int count = *rc::gen::inRange(1, 60);
    const auto before = encoder.encode(count);
    RC_ASSERT(static_cast<int>(before.size()) ==
                  std::max(0, count - encoder.answers_before_first()) ||
              params.AsyncDepth > 1);
    const auto rest = encoder.drain();
    RC_ASSERT(before.size() + rest.size() == static_cast<std::size_t>(count));
}

}  // namespace
}  // namespace mrda::vpl::soft_test
