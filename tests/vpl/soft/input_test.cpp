// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <functional>

#include "mrda/vpl/copy_report.h"
#include "soft_encoder.h"

namespace mrda::vpl::soft_test {
namespace {

mrdaExtCopyReport copies_of(const SoftEncoder& encoder) {
    mrdaExtCopyReport report{};
    report.Header = {static_cast<mfxU32>(MRDA_EXTBUFF_COPY_REPORT), sizeof report};
    mfxExtBuffer* buffers[] = {&report.Header};
    mfxVideoParam params{};
    params.ExtParam = buffers;
    params.NumExtParam = 1;
    EXPECT_EQ(MFXVideoENCODE_GetVideoParam(encoder.session(), &params), MFX_ERR_NONE);
    return report;
}

std::uint64_t copied_per_frame(mfxU32 codec, mfxU32 fourcc, mfxU16 shift) {
    mfxVideoParam params = make_params(codec, 128, 96, fourcc);
    params.mfx.FrameInfo.Shift = shift;
    SoftEncoder encoder(params);
    EXPECT_EQ(encoder.encode(4).size() + encoder.drain().size(), 4U);
    const mrdaExtCopyReport report = copies_of(encoder);
    EXPECT_EQ(report.frames, 4U);
    return report.codec_copied_bytes / report.frames;
}

constexpr std::uint64_t kPixels = 128 * 96;

TEST(VplSoftInput, nv12_is_copied_for_no_codec_but_its_chroma_for_hevc_and_av1) {
    EXPECT_EQ(copied_per_frame(MFX_CODEC_AVC, MFX_FOURCC_NV12, 0), 0U);
    EXPECT_EQ(copied_per_frame(MFX_CODEC_HEVC, MFX_FOURCC_NV12, 0), kPixels / 2);
    EXPECT_EQ(copied_per_frame(MFX_CODEC_AV1, MFX_FOURCC_NV12, 0), kPixels / 2);
}

TEST(VplSoftInput, rgb_is_converted_once_for_every_codec) {
    for (const mfxU32 codec : {MFX_CODEC_AVC, MFX_CODEC_HEVC, MFX_CODEC_AV1}) {
        EXPECT_EQ(copied_per_frame(codec, MFX_FOURCC_RGB4, 0), kPixels * 3 / 2);
    }
}

TEST(VplSoftInput, p010_is_shifted_only_for_codecs_that_cannot) {
    EXPECT_EQ(copied_per_frame(MFX_CODEC_AVC, MFX_FOURCC_P010, 1), kPixels * 3);
    EXPECT_EQ(copied_per_frame(MFX_CODEC_AVC, MFX_FOURCC_P010, 0), 0U);
    EXPECT_EQ(copied_per_frame(MFX_CODEC_HEVC, MFX_FOURCC_P010, 1), kPixels);
    EXPECT_EQ(copied_per_frame(MFX_CODEC_AV1, MFX_FOURCC_P010, 1), kPixels * 3);
    EXPECT_EQ(copied_per_frame(MFX_CODEC_AV1, MFX_FOURCC_P010, 0), kPixels);
}

class VplSoftBadSurface : public testing::Test {
  protected:
    mfxStatus submit(SoftFrame& frame) {
        SoftBitstream bitstream(200000);
        mfxSyncPoint sync = nullptr;
        const mfxStatus status = MFXVideoENCODE_EncodeFrameAsync(
            encoder_.session(), nullptr, &frame.surface(), &bitstream.stream, &sync);
        if (status == MFX_ERR_NONE) {
            EXPECT_EQ(MFXVideoCORE_SyncOperation(encoder_.session(), sync, 60000), MFX_ERR_NONE);
        } else {
            EXPECT_EQ(frame.lock_count(), 0);
        }
        return status;
    }

    SoftEncoder encoder_{make_params(MFX_CODEC_AVC, 128, 96)};
    SoftFrame frame_{encoder_.info(), 0};
};

TEST_F(VplSoftBadSurface, of_another_format_is_refused) {
    frame_.surface().Info.FourCC = MFX_FOURCC_P010;
    EXPECT_EQ(submit(frame_), MFX_ERR_INCOMPATIBLE_VIDEO_PARAM);
}

TEST_F(VplSoftBadSurface, too_small_for_the_crop_is_refused) {
    frame_.surface().Info.Width = 64;
    EXPECT_EQ(submit(frame_), MFX_ERR_INVALID_VIDEO_PARAM);
    frame_.surface().Info.Width = 128;
    frame_.surface().Info.CropX = 2;
    EXPECT_EQ(submit(frame_), MFX_ERR_INVALID_VIDEO_PARAM);
}

TEST_F(VplSoftBadSurface, with_a_pitch_below_its_width_is_refused) {
    frame_.surface().Data.PitchLow = 127;
    EXPECT_EQ(submit(frame_), MFX_ERR_UNDEFINED_BEHAVIOR);
}

TEST_F(VplSoftBadSurface, without_memory_is_refused) {
    frame_.surface().Data.UV = nullptr;
    EXPECT_EQ(submit(frame_), MFX_ERR_NULL_PTR);
    frame_.surface().Data.Y = nullptr;
    EXPECT_EQ(submit(frame_), MFX_ERR_NULL_PTR);
}

TEST_F(VplSoftBadSurface, leaves_the_encoder_usable) {
    SoftFrame good(encoder_.info(), 1);
    frame_.surface().Data.PitchLow = 0;
    EXPECT_EQ(submit(frame_), MFX_ERR_UNDEFINED_BEHAVIOR);
    EXPECT_EQ(submit(good), MFX_ERR_NONE);
}

/// A client's allocator over one frame in system memory, which does as the test likes when it is
/// called.
struct LockingAllocator {
    SoftFrame* frame = nullptr;
    std::function<void()> on_lock = [] {};
    std::function<void()> on_unlock = [] {};
    int locks = 0;
    int unlocks = 0;

    mfxFrameAllocator interface() {
        mfxFrameAllocator allocator{};
        allocator.pthis = this;
        allocator.Alloc = [](mfxHDL, mfxFrameAllocRequest*, mfxFrameAllocResponse*) {
            return MFX_ERR_UNSUPPORTED;
        };
        allocator.Free = [](mfxHDL, mfxFrameAllocResponse*) { return MFX_ERR_NONE; };
        allocator.GetHDL = [](mfxHDL, mfxMemId, mfxHDL*) { return MFX_ERR_UNSUPPORTED; };
        allocator.Lock = [](mfxHDL self, mfxMemId, mfxFrameData* data) {
            auto& me = *static_cast<LockingAllocator*>(self);
            ++me.locks;
            me.on_lock();
            data->Y = me.frame->surface().Data.Y;
            data->UV = me.frame->surface().Data.UV;
            data->PitchLow = me.frame->surface().Data.PitchLow;
            return MFX_ERR_NONE;
        };
        allocator.Unlock = [](mfxHDL self, mfxMemId, mfxFrameData*) {
            auto& me = *static_cast<LockingAllocator*>(self);
            ++me.unlocks;
            me.on_unlock();
            return MFX_ERR_NONE;
        };
        return allocator;
    }
};

/// An encoder whose one surface has no pointers: its allocator is asked for them.
class VplSoftAllocator : public testing::Test {
  protected:
    void SetUp() override {
        mfxFrameAllocator allocator = locking_.interface();
        ASSERT_EQ(MFXVideoCORE_SetFrameAllocator(session(), &allocator), MFX_ERR_NONE);
        ASSERT_EQ(MFXVideoENCODE_Init(session(), &params_), MFX_ERR_NONE);
        surface_.Info = params_.mfx.FrameInfo;
        surface_.Data.MemId = &frame_;
        locking_.frame = &frame_;
    }
    mfxSession session() { return session_.get(); }
    mfxStatus submit() {
        return MFXVideoENCODE_EncodeFrameAsync(session(), nullptr, &surface_, &bitstream_.stream,
                                               &sync_);
    }
    mfxStatus wait() { return MFXVideoCORE_SyncOperation(session(), sync_, 60000); }
    void expect_locked_and_let_go(int times) {
        EXPECT_EQ(locking_.locks, times);
        EXPECT_EQ(locking_.unlocks, times);
        EXPECT_EQ(surface_.Data.Locked, 0);
    }

    mfxVideoParam params_ = make_params(MFX_CODEC_AVC, 128, 96);
    SoftFrame frame_{params_.mfx.FrameInfo, 0};
    mfxFrameSurface1 surface_{};
    LockingAllocator locking_;
    SoftBitstream bitstream_{200000};
    mfxSyncPoint sync_ = nullptr;
    SoftSession session_;
};

TEST_F(VplSoftAllocator, locks_a_surface_without_pointers_and_unlocks_it) {
    ASSERT_EQ(submit(), MFX_ERR_NONE);
    ASSERT_EQ(wait(), MFX_ERR_NONE);
    ASSERT_EQ(MFXVideoENCODE_Close(session()), MFX_ERR_NONE);
    expect_locked_and_let_go(1);
}

TEST_F(VplSoftAllocator, may_call_the_session_that_calls_it) {
    locking_.on_lock = locking_.on_unlock = [this] {
        mfxEncodeStat statistics{};
        EXPECT_EQ(MFXVideoENCODE_GetEncodeStat(session(), &statistics), MFX_ERR_NONE);
    };
    ASSERT_EQ(submit(), MFX_ERR_NONE);
    ASSERT_EQ(wait(), MFX_ERR_NONE);
    ASSERT_EQ(MFXVideoENCODE_Close(session()), MFX_ERR_NONE);
    expect_locked_and_let_go(1);
}

TEST_F(VplSoftAllocator, that_closes_the_encoder_gets_its_surface_back) {
    locking_.on_lock = [this] { EXPECT_EQ(MFXVideoENCODE_Close(session()), MFX_ERR_NONE); };
    EXPECT_EQ(submit(), MFX_ERR_ABORTED);
    expect_locked_and_let_go(1);
}

TEST_F(VplSoftAllocator, that_resets_the_encoder_is_asked_again_with_the_next_try) {
    locking_.on_lock = [this] {
        EXPECT_EQ(MFXVideoENCODE_Reset(session(), &params_), MFX_ERR_NONE);
    };
    EXPECT_EQ(submit(), MFX_WRN_DEVICE_BUSY);
    expect_locked_and_let_go(1);
    locking_.on_lock = [] {};
    ASSERT_EQ(submit(), MFX_ERR_NONE);
    ASSERT_EQ(wait(), MFX_ERR_NONE);
    ASSERT_EQ(MFXVideoENCODE_Close(session()), MFX_ERR_NONE);
    expect_locked_and_let_go(2);
}

}  // namespace
}  // namespace mrda::vpl::soft_test
