// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "soft_encoder.h"

namespace mrda::vpl::soft_test {
namespace {

std::vector<Coded> encode_all(SoftEncoder& encoder, int count) {
    std::vector<Coded> coded = encoder.encode(count);
    for (Coded& frame : encoder.drain()) {
        coded.push_back(std::move(frame));
    }
    return coded;
}

void expect_each_time_once(const std::vector<Coded>& coded, int count) {
    std::vector<mfxU64> times;
    for (const Coded& frame : coded) {
        times.push_back(frame.time_stamp);
    }
    std::sort(times.begin(), times.end());
    ASSERT_EQ(times.size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        EXPECT_EQ(times[static_cast<std::size_t>(i)], static_cast<mfxU64>(i) * 3000);
    }
}

void expect_decodable_order(const std::vector<Coded>& coded) {
    for (std::size_t i = 0; i < coded.size(); ++i) {
        EXPECT_LE(coded[i].decode_time_stamp, static_cast<mfxI64>(coded[i].time_stamp));
        if (i > 0) {
            EXPECT_GT(coded[i].decode_time_stamp, coded[i - 1].decode_time_stamp);
        }
    }
}

class VplSoftOrder : public testing::TestWithParam<mfxU32> {};

TEST_P(VplSoftOrder, without_b_frames_decoding_order_is_display_order) {
    mfxVideoParam params = make_params(GetParam(), 128, 96);
    params.AsyncDepth = 3;
    SoftEncoder encoder(params);
    const std::vector<Coded> coded = encode_all(encoder, 20);
    expect_each_time_once(coded, 20);
    for (const Coded& frame : coded) {
        EXPECT_EQ(frame.decode_time_stamp, static_cast<mfxI64>(frame.time_stamp));
    }
}

TEST_P(VplSoftOrder, with_b_frames_every_frame_comes_once_and_in_decodable_order) {
    mfxVideoParam params = make_params(GetParam(), 128, 96);
    params.mfx.GopRefDist = 4;
    SoftEncoder encoder(params);
    const std::vector<Coded> coded = encode_all(encoder, 30);
    expect_each_time_once(coded, 30);
    expect_decodable_order(coded);
}

TEST_P(VplSoftOrder, b_pyramid_keeps_decodable_order) {
    mfxVideoParam params = make_params(GetParam(), 128, 96);
    params.mfx.GopRefDist = 4;
    mfxExtCodingOption2 option{};
    option.Header = {MFX_EXTBUFF_CODING_OPTION2, sizeof option};
    option.BRefType = MFX_B_REF_PYRAMID;
    mfxExtBuffer* buffers[] = {&option.Header};
    params.ExtParam = buffers;
    params.NumExtParam = 1;
    const bool clears = GetParam() == MFX_CODEC_AV1;
    SoftEncoder encoder(params, clears ? MFX_WRN_INCOMPATIBLE_VIDEO_PARAM : MFX_ERR_NONE);
    const std::vector<Coded> coded = encode_all(encoder, 30);
    expect_each_time_once(coded, 30);
    expect_decodable_order(coded);
}

TEST_P(VplSoftOrder, key_frames_stand_at_the_gop_period) {
    mfxVideoParam params = make_params(GetParam(), 128, 96);
    params.mfx.GopPicSize = 8;
    params.mfx.IdrInterval = GetParam() == MFX_CODEC_HEVC ? 1 : 0;
    SoftEncoder encoder(params);
    for (const Coded& frame : encode_all(encoder, 24)) {
        const bool idr = (frame.frame_type & MFX_FRAMETYPE_IDR) != 0;
        EXPECT_EQ(idr, frame.time_stamp / 3000 % 8 == 0) << "frame " << frame.time_stamp / 3000;
    }
}

TEST_P(VplSoftOrder, after_a_drain_a_new_sequence_begins) {
    mfxVideoParam params = make_params(GetParam(), 128, 96);
    params.mfx.GopRefDist = 4;
    SoftEncoder encoder(params);
    EXPECT_EQ(encode_all(encoder, 5).size(), 5U);
    const std::vector<Coded> second = encode_all(encoder, 5);
    ASSERT_EQ(second.size(), 5U);
    EXPECT_NE(second.front().frame_type & MFX_FRAMETYPE_IDR, 0);
    EXPECT_EQ(second.front().time_stamp, 5U * 3000);
}

TEST_P(VplSoftOrder, times_at_the_ends_of_their_range_are_as_far_apart_as_others) {
    mfxVideoParam params = make_params(GetParam(), 64, 64);
    params.mfx.GopRefDist = 4;
    SoftEncoder plain(params);
    const std::vector<Coded> expected = encode_all(plain, 8);
    for (const mfxI64 first :
         {std::numeric_limits<mfxI64>::min(), mfxI64{-2}, std::numeric_limits<mfxI64>::max()}) {
        const auto begin = static_cast<mfxU64>(first);
        SoftEncoder encoder(params);
        encoder.begin_at(begin);
        const std::vector<Coded> coded = encode_all(encoder, 8);
        ASSERT_EQ(coded.size(), expected.size());
        for (std::size_t i = 0; i < coded.size(); ++i) {
            EXPECT_EQ(coded[i].time_stamp - begin, expected[i].time_stamp);
            EXPECT_EQ(static_cast<mfxU64>(coded[i].decode_time_stamp) - begin,
                      static_cast<mfxU64>(expected[i].decode_time_stamp));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(codecs, VplSoftOrder,
                         testing::Values(MFX_CODEC_AVC, MFX_CODEC_HEVC, MFX_CODEC_AV1),
                         codec_test_name);

TEST(VplSoftOrderIdr, i_frames_stand_between_idr_frames_as_idr_interval_says) {
    for (const mfxU32 codec : {MFX_CODEC_AVC, MFX_CODEC_HEVC}) {
        mfxVideoParam params = make_params(codec, 128, 96);
        params.mfx.GopPicSize = 5;
        // Three I frames to an IDR frame; HEVC counts from one.
        params.mfx.IdrInterval = codec == MFX_CODEC_HEVC ? 3 : 2;
        SoftEncoder encoder(params);
        for (const Coded& frame : encode_all(encoder, 40)) {
            const auto number = frame.time_stamp / 3000;
            EXPECT_EQ((frame.frame_type & MFX_FRAMETYPE_IDR) != 0, number % 15 == 0) << number;
            EXPECT_EQ((frame.frame_type & MFX_FRAMETYPE_I) != 0, number % 5 == 0) << number;
        }
    }
}

TEST(VplSoftOrderIdr, hevc_without_idr_interval_has_one_idr_frame) {
    mfxVideoParam params = make_params(MFX_CODEC_HEVC, 128, 96);
    params.mfx.GopPicSize = 5;
    SoftEncoder encoder(params);
    for (const Coded& frame : encode_all(encoder, 20)) {
        EXPECT_EQ((frame.frame_type & MFX_FRAMETYPE_IDR) != 0, frame.time_stamp == 0);
    }
}

TEST(VplSoftOrderAvc, an_unknown_time_stays_unknown) {
    SoftEncoder encoder(make_params(MFX_CODEC_AVC, 64, 64));
    SoftFrame frame(encoder.info(), 0);
    frame.surface().Data.TimeStamp = static_cast<mfxU64>(MFX_TIMESTAMP_UNKNOWN);
    SoftBitstream bitstream(100000);
    mfxSyncPoint sync = nullptr;
    ASSERT_EQ(MFXVideoENCODE_EncodeFrameAsync(encoder.session(), nullptr, &frame.surface(),
                                              &bitstream.stream, &sync),
              MFX_ERR_NONE);
    ASSERT_EQ(MFXVideoCORE_SyncOperation(encoder.session(), sync, 60000), MFX_ERR_NONE);
    EXPECT_EQ(bitstream.stream.TimeStamp, static_cast<mfxU64>(MFX_TIMESTAMP_UNKNOWN));
    EXPECT_EQ(bitstream.stream.DecodeTimeStamp, MFX_TIMESTAMP_UNKNOWN);
}

}  // namespace
}  // namespace mrda::vpl::soft_test
