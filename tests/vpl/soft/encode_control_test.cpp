// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "soft_encoder.h"

namespace mrda::vpl::soft_test {
namespace {

class VplSoftControl : public testing::TestWithParam<mfxU32> {};

TEST_P(VplSoftControl, a_forced_idr_frame_is_one) {
    SoftEncoder encoder(make_params(GetParam(), 128, 96));
    mfxEncodeCtrl control{};
    control.FrameType = MFX_FRAMETYPE_I | MFX_FRAMETYPE_IDR | MFX_FRAMETYPE_REF;
    std::vector<Coded> coded = encoder.encode(10, &control, 4);
    for (Coded& frame : encoder.drain()) {
        coded.push_back(std::move(frame));
    }
    ASSERT_EQ(coded.size(), 10U);
    for (std::size_t i = 0; i < coded.size(); ++i) {
        EXPECT_EQ((coded[i].frame_type & MFX_FRAMETYPE_IDR) != 0, i == 0 || i == 4) << i;
        EXPECT_EQ(coded[i].time_stamp, i * 3000);
    }
}

TEST_P(VplSoftControl, a_frame_with_a_coarse_qp_of_its_own_is_small) {
    SoftEncoder encoder(make_params(GetParam(), 128, 96));
    mfxEncodeCtrl control{};
    control.QP = GetParam() == MFX_CODEC_AV1 ? 250 : 51;
    std::vector<Coded> coded = encoder.encode(8, &control, 5);
    for (Coded& frame : encoder.drain()) {
        coded.push_back(std::move(frame));
    }
    ASSERT_EQ(coded.size(), 8U);
    EXPECT_LT(coded[5].data.size() * 2, coded[4].data.size());
}

TEST_P(VplSoftControl, a_lower_bitrate_gives_a_smaller_stream) {
    auto size_at = [](mfxU16 kbps) {
        mfxVideoParam params = make_params(GetParam(), 192, 128);
        params.mfx.RateControlMethod = MFX_RATECONTROL_CBR;
        params.mfx.QPI = params.mfx.QPP = params.mfx.QPB = 0;
        params.mfx.TargetKbps = kbps;
        SoftEncoder encoder(params);
        std::size_t size_bytes = 0;
        for (const Coded& frame : encoder.encode(60)) {
            size_bytes += frame.data.size();
        }
        for (const Coded& frame : encoder.drain()) {
            size_bytes += frame.data.size();
        }
        return size_bytes;
    };
    EXPECT_LT(size_at(200) * 3 / 2, size_at(1600));
}

TEST_P(VplSoftControl, vbr_is_initialised_and_encodes) {
    mfxVideoParam params = make_params(GetParam(), 128, 96);
    params.mfx.RateControlMethod = MFX_RATECONTROL_VBR;
    params.mfx.GopRefDist = 0;
    params.mfx.QPI = params.mfx.QPB = 0;
    params.mfx.TargetKbps = 300;
    params.mfx.MaxKbps = 600;
    SoftEncoder encoder(params);
    EXPECT_EQ(encoder.encode(20).size() + encoder.drain().size(), 20U);
}

TEST_P(VplSoftControl, noise_at_the_finest_qp_fits_the_reported_buffer) {
    mfxVideoParam params = make_params(GetParam(), 128, 96);
    params.mfx.QPI = params.mfx.QPP = params.mfx.QPB = 1;
    SoftEncoder encoder(params);
    const std::size_t limit_bytes = std::size_t{encoder.actual().mfx.BufferSizeInKB} * 1000;
    mfxFrameInfo info = encoder.info();
    SoftFrame frame(info, 0);
    std::uint32_t noise = 88675123;
    for (std::size_t i = 0; i < std::size_t{info.Width} * info.Height * 3 / 2; ++i) {
        noise = noise * 1664525U + 1013904223U;
        frame.surface().Data.Y[i] = static_cast<mfxU8>(noise >> 24);
    }
    SoftBitstream bitstream(limit_bytes);
    mfxSyncPoint sync = nullptr;
    mfxStatus status = MFXVideoENCODE_EncodeFrameAsync(encoder.session(), nullptr, &frame.surface(),
                                                       &bitstream.stream, &sync);
    if (status == MFX_ERR_MORE_DATA) {
        status = MFXVideoENCODE_EncodeFrameAsync(encoder.session(), nullptr, nullptr,
                                                 &bitstream.stream, &sync);
    }
    ASSERT_EQ(status, MFX_ERR_NONE);
    EXPECT_EQ(MFXVideoCORE_SyncOperation(encoder.session(), sync, 60000), MFX_ERR_NONE);
    EXPECT_GT(bitstream.stream.DataLength, limit_bytes / 10);
}

TEST_P(VplSoftControl, statistics_count_frames_and_bits) {
    SoftEncoder encoder(make_params(GetParam(), 128, 96));
    std::size_t bits = 0;
    for (const Coded& frame : encoder.encode(5)) {
        bits += frame.data.size() * 8;
    }
    for (const Coded& frame : encoder.drain()) {
        bits += frame.data.size() * 8;
    }
    mfxEncodeStat statistics{};
    ASSERT_EQ(MFXVideoENCODE_GetEncodeStat(encoder.session(), &statistics), MFX_ERR_NONE);
    EXPECT_EQ(statistics.NumFrame, 5U);
    EXPECT_EQ(statistics.NumBit, bits);
    EXPECT_EQ(statistics.NumCachedFrame, 0U);
}

INSTANTIATE_TEST_SUITE_P(codecs, VplSoftControl,
                         testing::Values(MFX_CODEC_AVC, MFX_CODEC_HEVC, MFX_CODEC_AV1),
                         codec_test_name);

TEST(VplSoftControlAvc, a_frame_qp_that_x264_would_clip_is_refused) {
    mfxVideoParam params = make_params(MFX_CODEC_AVC, 64, 64);
    SoftEncoder encoder(params);
    SoftFrame frame(encoder.info(), 0);
    SoftBitstream bitstream(100000);
    mfxEncodeCtrl control{};
    control.QP = static_cast<mfxU16>(params.mfx.QPP - 2);
    mfxSyncPoint sync = nullptr;
    EXPECT_EQ(MFXVideoENCODE_EncodeFrameAsync(encoder.session(), &control, &frame.surface(),
                                              &bitstream.stream, &sync),
              MFX_ERR_INVALID_VIDEO_PARAM);
    EXPECT_EQ(frame.lock_count(), 0);
}

TEST(VplSoftControlAvc, a_frame_qp_above_the_range_is_refused_also_with_b_frames) {
    mfxVideoParam params = make_params(MFX_CODEC_AVC, 64, 64);
    params.mfx.GopRefDist = 3;
    params.mfx.QPI = params.mfx.QPP = params.mfx.QPB = 51;
    SoftEncoder encoder(params);
    SoftFrame frame(encoder.info(), 0);
    SoftBitstream bitstream(100000);
    mfxEncodeCtrl control{};
    control.QP = 52;
    mfxSyncPoint sync = nullptr;
    EXPECT_EQ(MFXVideoENCODE_EncodeFrameAsync(encoder.session(), &control, &frame.surface(),
                                              &bitstream.stream, &sync),
              MFX_ERR_INVALID_VIDEO_PARAM);
}

TEST(VplSoftControlAvc, messages_for_the_stream_are_refused_not_dropped) {
    SoftEncoder encoder(make_params(MFX_CODEC_AVC, 64, 64));
    SoftFrame frame(encoder.info(), 0);
    SoftBitstream bitstream(1000);
    mfxEncodeCtrl control{};
    control.NumPayload = 1;
    mfxSyncPoint sync = nullptr;
    EXPECT_EQ(MFXVideoENCODE_EncodeFrameAsync(encoder.session(), &control, &frame.surface(),
                                              &bitstream.stream, &sync),
              MFX_ERR_UNSUPPORTED);
}

}  // namespace
}  // namespace mrda::vpl::soft_test
