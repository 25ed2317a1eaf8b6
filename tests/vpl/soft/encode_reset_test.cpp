// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "soft_encoder.h"

namespace mrda::vpl::soft_test {
namespace {

class VplSoftReset : public testing::TestWithParam<mfxU32> {};

TEST_P(VplSoftReset, a_coarser_qp_shrinks_the_frames_and_starts_with_idr) {
    mfxVideoParam params = make_params(GetParam(), 128, 96);
    SoftEncoder encoder(params);
    std::vector<Coded> before = encoder.encode(4);
    for (Coded& frame : encoder.drain()) {
        before.push_back(std::move(frame));
    }
    params.mfx.QPI = params.mfx.QPP = params.mfx.QPB = GetParam() == MFX_CODEC_AV1 ? 250 : 50;
    ASSERT_EQ(MFXVideoENCODE_Reset(encoder.session(), &params), MFX_ERR_NONE);
    std::vector<Coded> after = encoder.encode(4);
    for (Coded& frame : encoder.drain()) {
        after.push_back(std::move(frame));
    }
    ASSERT_EQ(before.size(), 4U);
    ASSERT_EQ(after.size(), 4U);
    EXPECT_NE(after.front().frame_type & MFX_FRAMETYPE_IDR, 0);
    EXPECT_LT(after.front().data.size() * 2, before.front().data.size());
}

TEST_P(VplSoftReset, a_smaller_size_is_taken_and_a_larger_refused) {
    mfxVideoParam params = make_params(GetParam(), 128, 96);
    SoftEncoder encoder(params);
    EXPECT_EQ(encoder.encode(3).size() + encoder.drain().size(), 3U);
    mfxVideoParam larger = make_params(GetParam(), 144, 96);
    EXPECT_EQ(MFXVideoENCODE_Reset(encoder.session(), &larger), MFX_ERR_INCOMPATIBLE_VIDEO_PARAM);
    mfxVideoParam smaller = make_params(GetParam(), 64, 64);
    ASSERT_EQ(MFXVideoENCODE_Reset(encoder.session(), &smaller), MFX_ERR_NONE);
    mfxVideoParam actual{};
    ASSERT_EQ(MFXVideoENCODE_GetVideoParam(encoder.session(), &actual), MFX_ERR_NONE);
    EXPECT_EQ(actual.mfx.FrameInfo.CropW, 64);
    EXPECT_EQ(encoder.encode(3).size() + encoder.drain().size(), 3U);
}

TEST_P(VplSoftReset, an_encoder_that_never_got_a_frame_is_reset_and_closed) {
    mfxVideoParam params = make_params(GetParam(), 128, 96);
    SoftEncoder encoder(params);
    ASSERT_EQ(MFXVideoENCODE_Reset(encoder.session(), &params), MFX_ERR_NONE);
    EXPECT_EQ(MFXVideoENCODE_Close(encoder.session()), MFX_ERR_NONE);
}

TEST_P(VplSoftReset, an_operation_from_before_can_be_waited_for_after) {
    mfxVideoParam params = make_params(GetParam(), 128, 96);
    SoftEncoder encoder(params);
    SoftBitstream bitstream(500000);
    std::vector<std::unique_ptr<SoftFrame>> frames;
    mfxSyncPoint sync = nullptr;
    for (int i = 0; sync == nullptr && i < 10; ++i) {
        frames.push_back(std::make_unique<SoftFrame>(encoder.info(), i));
        MFXVideoENCODE_EncodeFrameAsync(encoder.session(), nullptr, &frames.back()->surface(),
                                        &bitstream.stream, &sync);
    }
    ASSERT_NE(sync, nullptr);
    ASSERT_EQ(MFXVideoENCODE_Reset(encoder.session(), &params), MFX_ERR_NONE);
    EXPECT_EQ(MFXVideoCORE_SyncOperation(encoder.session(), sync, 0), MFX_ERR_NONE);
    EXPECT_GT(bitstream.stream.DataLength, 0U);
}

INSTANTIATE_TEST_SUITE_P(codecs, VplSoftReset,
                         testing::Values(MFX_CODEC_AVC, MFX_CODEC_HEVC, MFX_CODEC_AV1),
                         codec_test_name);

TEST(VplSoftResetAvc, another_codec_or_depth_is_refused) {
    SoftEncoder encoder(make_params(MFX_CODEC_AVC, 128, 96));
    mfxVideoParam codec = make_params(MFX_CODEC_HEVC, 128, 96);
    EXPECT_EQ(MFXVideoENCODE_Reset(encoder.session(), &codec), MFX_ERR_INCOMPATIBLE_VIDEO_PARAM);
    mfxVideoParam depth = make_params(MFX_CODEC_AVC, 128, 96);
    depth.AsyncDepth = 3;
    EXPECT_EQ(MFXVideoENCODE_Reset(encoder.session(), &depth), MFX_ERR_INCOMPATIBLE_VIDEO_PARAM);
    mfxVideoParam invalid = make_params(MFX_CODEC_AVC, 128, 96);
    invalid.mfx.FrameInfo.CropW = 127;
    EXPECT_EQ(MFXVideoENCODE_Reset(encoder.session(), &invalid), MFX_ERR_INVALID_VIDEO_PARAM);
}

}  // namespace
}  // namespace mrda::vpl::soft_test
