// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <string>
#include <utility>

#include "soft_encoder.h"

namespace mrda::vpl::soft_test {
namespace {

mfxStatus query(const SoftSession& session, mfxVideoParam& params) {
    return MFXVideoENCODE_Query(session.get(), &params, &params);
}

TEST(VplSoftParams, good_parameters_pass_unchanged) {
    SoftSession session;
    for (const mfxU32 codec : {MFX_CODEC_AVC, MFX_CODEC_HEVC, MFX_CODEC_AV1}) {
        mfxVideoParam params = make_params(codec, 128, 96);
        const mfxVideoParam before = params;
        EXPECT_EQ(query(session, params), MFX_ERR_NONE);
        EXPECT_EQ(std::memcmp(&params, &before, sizeof params), 0);
    }
}

TEST(VplSoftParams, a_null_input_asks_what_can_be_set) {
    SoftSession session;
    mfxVideoParam out{};
    out.mfx.CodecId = MFX_CODEC_AVC;
    ASSERT_EQ(MFXVideoENCODE_Query(session.get(), nullptr, &out), MFX_ERR_NONE);
    EXPECT_EQ(out.mfx.GopRefDist, 1);
    EXPECT_EQ(out.mfx.TargetKbps, 1);
    EXPECT_EQ(out.mfx.EncodedOrder, 0);
    EXPECT_EQ(out.mfx.CodecId, static_cast<mfxU32>(MFX_CODEC_AVC));
}

TEST(VplSoftParams, what_is_not_supported_is_zeroed_and_init_refuses_it) {
    using Change = std::function<mfxU32(mfxVideoParam&, bool)>;
    // Each sets a bad value, or reads the field back.
    const std::array<std::pair<const char*, Change>, 9> changes = {{
        {"codec",
         [](mfxVideoParam& p, bool set) {
             if (set) {
                 p.mfx.CodecId = MFX_CODEC_VP9;
             }
             return p.mfx.CodecId;
         }},
        {"fourcc",
         [](mfxVideoParam& p, bool set) {
             if (set) {
                 p.mfx.FrameInfo.FourCC = MFX_FOURCC_YUY2;
             }
             return p.mfx.FrameInfo.FourCC;
         }},
        {"width",
         [](mfxVideoParam& p, bool set) -> mfxU32 {
             if (set) {
                 p.mfx.FrameInfo.Width = 65520;
             }
             return p.mfx.FrameInfo.Width;
         }},
        {"odd crop",
         [](mfxVideoParam& p, bool set) -> mfxU32 {
             if (set) {
                 p.mfx.FrameInfo.CropW = 127;
             }
             return p.mfx.FrameInfo.CropW;
         }},
        {"crop past the surface",
         [](mfxVideoParam& p, bool set) -> mfxU32 {
             if (set) {
                 p.mfx.FrameInfo.CropH = 500;
             }
             return p.mfx.FrameInfo.CropH;
         }},
        {"interlaced",
         [](mfxVideoParam& p, bool set) -> mfxU32 {
             if (set) {
                 p.mfx.FrameInfo.PicStruct = MFX_PICSTRUCT_FIELD_TFF;
             }
             return p.mfx.FrameInfo.PicStruct;
         }},
        {"profile",
         [](mfxVideoParam& p, bool set) -> mfxU32 {
             if (set) {
                 p.mfx.CodecProfile = MFX_PROFILE_AVC_HIGH_422;
             }
             return p.mfx.CodecProfile;
         }},
        {"rate control",
         [](mfxVideoParam& p, bool set) -> mfxU32 {
             if (set) {
                 p.mfx.RateControlMethod = MFX_RATECONTROL_LA;
             }
             return p.mfx.RateControlMethod;
         }},
        {"encoded order",
         [](mfxVideoParam& p, bool set) -> mfxU32 {
             if (set) {
                 p.mfx.EncodedOrder = 1;
             }
             return p.mfx.EncodedOrder;
         }},
    }};
    for (const auto& [name, change] : changes) {
        SoftSession session;
        mfxVideoParam params = make_params(MFX_CODEC_AVC, 128, 96);
        change(params, true);
        mfxVideoParam asked = params;
        EXPECT_EQ(query(session, params), MFX_ERR_UNSUPPORTED) << name;
        EXPECT_EQ(change(params, false), 0U) << name;
        EXPECT_EQ(MFXVideoENCODE_Init(session.get(), &asked), MFX_ERR_INVALID_VIDEO_PARAM) << name;
    }
}

TEST(VplSoftParams, what_init_needs_and_is_missing_is_refused) {
    const std::array<std::function<void(mfxVideoParam&)>, 4> removals = {
        [](mfxVideoParam& p) { p.mfx.FrameInfo.Width = p.mfx.FrameInfo.CropW = 0; },
        [](mfxVideoParam& p) { p.mfx.FrameInfo.FrameRateExtN = p.mfx.FrameInfo.FrameRateExtD = 0; },
        [](mfxVideoParam& p) { p.IOPattern = 0; },
        [](mfxVideoParam& p) {
            p.mfx.RateControlMethod = MFX_RATECONTROL_CBR;
            p.mfx.TargetKbps = 0;
        },
    };
    for (const auto& remove : removals) {
        SoftSession session;
        mfxVideoParam params = make_params(MFX_CODEC_AVC, 128, 96);
        remove(params);
        EXPECT_EQ(MFXVideoENCODE_Init(session.get(), &params), MFX_ERR_INVALID_VIDEO_PARAM);
    }
}

TEST(VplSoftParams, what_can_be_mended_is_mended_with_a_warning) {
    SoftSession session;
    mfxVideoParam params = make_params(MFX_CODEC_AVC, 128, 96);
    params.mfx.CodecProfile = MFX_PROFILE_AVC_BASELINE;
    params.mfx.GopRefDist = 3;
    params.AsyncDepth = 1000;
    EXPECT_EQ(query(session, params), MFX_WRN_INCOMPATIBLE_VIDEO_PARAM);
    EXPECT_EQ(params.mfx.GopRefDist, 1);
    EXPECT_EQ(params.AsyncDepth, 64);
}

TEST(VplSoftParams, a_qp_above_the_codecs_range_is_lowered_with_a_warning) {
    for (const auto& [codec, highest] : {std::pair<mfxU32, mfxU16>{MFX_CODEC_AVC, 51},
                                         {MFX_CODEC_HEVC, 51},
                                         {MFX_CODEC_AV1, 255}}) {
        SoftSession session;
        mfxVideoParam params = make_params(codec, 128, 96);
        params.mfx.QPI = params.mfx.QPP = params.mfx.QPB = static_cast<mfxU16>(highest + 1);
        mfxVideoParam asked = params;
        EXPECT_EQ(query(session, params), MFX_WRN_INCOMPATIBLE_VIDEO_PARAM);
        EXPECT_EQ(params.mfx.QPI, highest);
        EXPECT_EQ(params.mfx.QPP, highest);
        EXPECT_EQ(params.mfx.QPB, highest);
        EXPECT_EQ(MFXVideoENCODE_Init(session.get(), &asked), MFX_WRN_INCOMPATIBLE_VIDEO_PARAM);
    }
}

TEST(VplSoftParams, a_qp_range_above_the_codecs_is_dropped_with_a_warning) {
    SoftSession session;
    mfxVideoParam params = make_params(MFX_CODEC_HEVC, 128, 96);
    mfxExtCodingOption2 option{};
    option.Header = {MFX_EXTBUFF_CODING_OPTION2, sizeof option};
    option.MaxQPI = option.MaxQPP = option.MaxQPB = 52;
    mfxExtBuffer* buffers[] = {&option.Header};
    params.ExtParam = buffers;
    params.NumExtParam = 1;
    EXPECT_EQ(query(session, params), MFX_WRN_INCOMPATIBLE_VIDEO_PARAM);
    EXPECT_EQ(option.MaxQPI, 0);
}

/// Query's answer and Init's, which must go together.
void expect_refused(const mfxVideoParam& asked) {
    SoftSession session;
    mfxVideoParam params = asked;
    EXPECT_EQ(query(session, params), MFX_ERR_UNSUPPORTED);
    params = asked;
    EXPECT_EQ(MFXVideoENCODE_Init(session.get(), &params), MFX_ERR_INVALID_VIDEO_PARAM);
}

TEST(VplSoftParams, a_rate_that_32_bits_of_bits_do_not_hold_is_refused) {
    for (const mfxU32 codec : {MFX_CODEC_AVC, MFX_CODEC_HEVC, MFX_CODEC_AV1}) {
        mfxVideoParam params = make_params(codec, 128, 96);
        params.mfx.RateControlMethod = MFX_RATECONTROL_CBR;
        params.mfx.TargetKbps = params.mfx.MaxKbps = 40000;
        params.mfx.BRCParamMultiplier = 51;
        expect_refused(params);
        params.mfx.BRCParamMultiplier = 65535;
        expect_refused(params);
        params.mfx.BRCParamMultiplier = 2;
        params.mfx.BufferSizeInKB = 0;
        params.mfx.InitialDelayInKB = 65535;
        const SoftEncoder encoder(params);
        EXPECT_EQ(encoder.actual().mfx.TargetKbps * encoder.actual().mfx.BRCParamMultiplier, 80000);
    }
}

TEST(VplSoftParams, a_frame_rate_that_no_codec_counts_with_is_refused) {
    for (const auto& [rate_n, rate_d] :
         {std::pair<mfxU32, mfxU32>{241, 1}, {4000000000U, 1}, {0, 1}, {4294967291U, 100000007}}) {
        mfxVideoParam params = make_params(MFX_CODEC_AV1, 128, 96);
        params.mfx.FrameInfo.FrameRateExtN = rate_n;
        params.mfx.FrameInfo.FrameRateExtD = rate_d;
        expect_refused(params);
    }
}

TEST(VplSoftParams, a_frame_rate_of_large_numbers_is_what_it_is_in_small_ones) {
    for (const mfxU32 codec : {MFX_CODEC_AVC, MFX_CODEC_HEVC, MFX_CODEC_AV1}) {
        mfxVideoParam params = make_params(codec, 128, 96);
        params.mfx.FrameInfo.FrameRateExtN = 3000000000U;
        params.mfx.FrameInfo.FrameRateExtD = 100000000;
        SoftEncoder encoder(params);
        EXPECT_EQ(encoder.actual().mfx.FrameInfo.FrameRateExtN, 3000000000U);
        EXPECT_EQ(encoder.encode(2).size() + encoder.drain().size(), 2U);
    }
}

TEST(VplSoftParams, av1_has_cbr_without_and_vbr_with_b_frames) {
    SoftSession session;
    mfxVideoParam params = make_params(MFX_CODEC_AV1, 128, 96);
    params.mfx.RateControlMethod = MFX_RATECONTROL_VBR;
    params.mfx.TargetKbps = 500;
    params.mfx.MaxKbps = 500;
    EXPECT_EQ(query(session, params), MFX_WRN_INCOMPATIBLE_VIDEO_PARAM);
    EXPECT_EQ(params.mfx.GopRefDist, 4);
    params.mfx.RateControlMethod = MFX_RATECONTROL_CBR;
    EXPECT_EQ(query(session, params), MFX_WRN_INCOMPATIBLE_VIDEO_PARAM);
    EXPECT_EQ(params.mfx.GopRefDist, 1);
}

TEST(VplSoftParams, a_buffer_that_is_not_known_is_unsupported) {
    SoftSession session;
    mfxVideoParam params = make_params(MFX_CODEC_AVC, 128, 96);
    mfxExtBuffer strange = {0x3F3F3F3F, sizeof strange};
    mfxExtBuffer* buffers[] = {&strange};
    params.ExtParam = buffers;
    params.NumExtParam = 1;
    EXPECT_EQ(query(session, params), MFX_ERR_UNSUPPORTED);
    EXPECT_EQ(MFXVideoENCODE_Init(session.get(), &params), MFX_ERR_INVALID_VIDEO_PARAM);
}

TEST(VplSoftParams, an_option_that_is_not_honoured_is_cleared_with_a_warning) {
    SoftSession session;
    mfxVideoParam params = make_params(MFX_CODEC_AVC, 128, 96);
    mfxExtCodingOption2 option{};
    option.Header = {MFX_EXTBUFF_CODING_OPTION2, sizeof option};
    option.MaxFrameSize = 10000;
    option.BRefType = MFX_B_REF_PYRAMID;
    mfxExtBuffer* buffers[] = {&option.Header};
    params.ExtParam = buffers;
    params.NumExtParam = 1;
    EXPECT_EQ(query(session, params), MFX_WRN_INCOMPATIBLE_VIDEO_PARAM);
    EXPECT_EQ(option.MaxFrameSize, 0U);
    EXPECT_EQ(option.BRefType, MFX_B_REF_PYRAMID);
}

TEST(VplSoftParams, surfaces_asked_for_are_of_the_memory_that_was_named) {
    SoftSession session;
    mfxVideoParam params = make_params(MFX_CODEC_AVC, 128, 96);
    params.AsyncDepth = 4;
    mfxFrameAllocRequest request{};
    ASSERT_EQ(MFXVideoENCODE_QueryIOSurf(session.get(), &params, &request), MFX_ERR_NONE);
    EXPECT_NE(request.Type & MFX_MEMTYPE_SYSTEM_MEMORY, 0);
    EXPECT_GT(request.NumFrameMin, 4);
    EXPECT_GE(request.NumFrameSuggested, request.NumFrameMin);
    params.IOPattern = MFX_IOPATTERN_IN_VIDEO_MEMORY;
    ASSERT_EQ(MFXVideoENCODE_QueryIOSurf(session.get(), &params, &request), MFX_ERR_NONE);
    EXPECT_NE(request.Type & MFX_MEMTYPE_DXVA2_DECODER_TARGET, 0);
}

TEST(VplSoftParams, avc_and_hevc_give_their_parameter_sets) {
    for (const mfxU32 codec : {MFX_CODEC_AVC, MFX_CODEC_HEVC}) {
        SoftEncoder encoder(make_params(codec, 128, 96));
        std::array<mfxU8, 256> sps{};
        std::array<mfxU8, 256> pps{};
        mfxExtCodingOptionSPSPPS sets{};
        sets.Header = {MFX_EXTBUFF_CODING_OPTION_SPSPPS, sizeof sets};
        sets.SPSBuffer = sps.data();
        sets.SPSBufSize = sps.size();
        sets.PPSBuffer = pps.data();
        sets.PPSBufSize = pps.size();
        mfxExtBuffer* buffers[] = {&sets.Header};
        mfxVideoParam params{};
        params.ExtParam = buffers;
        params.NumExtParam = 1;
        ASSERT_EQ(MFXVideoENCODE_GetVideoParam(encoder.session(), &params), MFX_ERR_NONE);
        EXPECT_EQ(sps[3], 1);
        EXPECT_GT(sets.SPSBufSize, 8);
        EXPECT_LT(sets.SPSBufSize, sps.size());
        EXPECT_LT(sets.PPSBufSize, pps.size());
        // The stream begins with the same.
        std::vector<Coded> coded = encoder.encode(1);
        ASSERT_EQ(coded.size(), 1U);
        const auto& data = coded.front().data;
        const auto found =
            std::search(data.begin(), data.end(), sps.begin(), sps.begin() + sets.SPSBufSize);
        EXPECT_NE(found, data.end());
        sets.SPSBufSize = 4;
        EXPECT_EQ(MFXVideoENCODE_GetVideoParam(encoder.session(), &params),
                  MFX_ERR_NOT_ENOUGH_BUFFER);
    }
}

TEST(VplSoftParams, av1_mini_gops_are_no_longer_than_their_gop) {
    SoftSession session;
    for (const mfxU16 method : {MFX_RATECONTROL_CQP, MFX_RATECONTROL_VBR, MFX_RATECONTROL_CBR}) {
        for (mfxU16 gop = 1; gop <= 33; ++gop) {
            for (mfxU16 distance = 0; distance <= 17; ++distance) {
                mfxVideoParam params = make_params(MFX_CODEC_AV1, 128, 96);
                params.mfx.RateControlMethod = method;
                params.mfx.GopPicSize = gop;
                params.mfx.GopRefDist = distance;
                query(session, params);
                EXPECT_LE(params.mfx.GopRefDist, params.mfx.GopPicSize);
                EXPECT_EQ(query(session, params), MFX_ERR_NONE)
                    << "method " << method << ", GOP " << gop << ", distance " << distance;
            }
        }
    }
}

RC_GTEST_PROP(VplSoftParams, what_query_has_mended_passes_a_second_time, ()) {
    SoftSession session;
    mfxVideoParam params = make_params(
        *rc::gen::element<mfxU32>(MFX_CODEC_AVC, MFX_CODEC_HEVC, MFX_CODEC_AV1), 128, 96);
    auto any = [] { return *rc::gen::inRange<mfxU16>(0, 65535); };
    params.AsyncDepth = any();
    params.mfx.TargetUsage = any();
    params.mfx.GopPicSize = any();
    params.mfx.GopRefDist = any();
    params.mfx.GopOptFlag = any();
    params.mfx.IdrInterval = any();
    params.mfx.NumSlice = any();
    params.mfx.NumRefFrame = any();
    params.mfx.CodecProfile = any();
    params.mfx.CodecLevel = any();
    params.mfx.RateControlMethod = *rc::gen::inRange<mfxU16>(0, 8);
    params.mfx.QPI = any();
    params.mfx.QPP = any();
    params.mfx.QPB = any();
    params.mfx.BRCParamMultiplier = any();
    params.mfx.FrameInfo.FrameRateExtN = *rc::gen::arbitrary<mfxU32>();
    params.mfx.FrameInfo.FrameRateExtD = *rc::gen::arbitrary<mfxU32>();
    params.mfx.FrameInfo.CropX = any();
    params.mfx.FrameInfo.CropW = any();
    query(session, params);
    const mfxVideoParam mended = params;
    RC_ASSERT(query(session, params) == MFX_ERR_NONE);
    RC_ASSERT(std::memcmp(&mended, &params, sizeof params) == 0);
}

}  // namespace
}  // namespace mrda::vpl::soft_test
