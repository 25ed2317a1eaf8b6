// SPDX-License-Identifier: MIT
#include "encoder_params.h"

#include <drm_fourcc.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mrda::vpl {
namespace {

EncoderConfig config_of(std::uint32_t width_px, std::uint32_t height_px) {
    EncoderConfig config;
    config.width_px = width_px;
    config.height_px = height_px;
    return config;
}

void expect_refused(const EncoderConfig& config, const std::string& named) {
    const auto param = to_video_param(config, DRM_FORMAT_NV12);
    ASSERT_FALSE(param.ok()) << named;
    EXPECT_EQ(param.error().code, Errc::invalid_argument) << param.error().message;
    EXPECT_NE(param.error().message.find(named), std::string::npos) << param.error().message;
}

TEST(EncoderParams, round_surfaces_up_to_macroblocks_and_crop_to_the_picture) {
    const auto param = to_video_param(config_of(1918, 1078), DRM_FORMAT_NV12);
    ASSERT_TRUE(param.ok());
    const mfxFrameInfo& info = param->mfx.FrameInfo;
    EXPECT_EQ(info.Width, 1920);
    EXPECT_EQ(info.Height, 1088);
    EXPECT_EQ(info.CropW, 1918);
    EXPECT_EQ(info.CropH, 1078);
}

TEST(EncoderParams, ask_for_surfaces_in_video_memory) {
    const auto param = to_video_param(config_of(128, 96), DRM_FORMAT_NV12);
    ASSERT_TRUE(param.ok());
    EXPECT_EQ(param->IOPattern, MFX_IOPATTERN_IN_VIDEO_MEMORY);
}

TEST(EncoderParams, say_that_ten_bit_samples_stand_at_the_top) {
    const auto param = to_video_param(config_of(128, 96), DRM_FORMAT_P010);
    ASSERT_TRUE(param.ok());
    EXPECT_EQ(param->mfx.FrameInfo.FourCC, std::uint32_t{MFX_FOURCC_P010});
    EXPECT_EQ(param->mfx.FrameInfo.BitDepthLuma, 10);
    EXPECT_EQ(param->mfx.FrameInfo.Shift, 1);
}

TEST(EncoderParams, make_every_intra_frame_of_each_codec_a_key_frame) {
    EncoderConfig config = config_of(128, 96);
    EXPECT_EQ(to_video_param(config, DRM_FORMAT_NV12)->mfx.IdrInterval, 0);
    config.codec = Codec::hevc;
    EXPECT_EQ(to_video_param(config, DRM_FORMAT_NV12)->mfx.IdrInterval, 1);
}

TEST(EncoderParams, refuse_a_format_that_onevpl_has_not_by_name) {
    const auto param = to_video_param(config_of(128, 96), DRM_FORMAT_YUV420);
    ASSERT_FALSE(param.ok());
    EXPECT_EQ(param.error().code, Errc::unsupported);
    EXPECT_NE(param.error().message.find("YU12"), std::string::npos) << param.error().message;
}

TEST(EncoderParams, refuse_sizes_that_no_picture_has) {
    expect_refused(config_of(0, 96), "0x96");
    expect_refused(config_of(127, 96), "127");
    expect_refused(config_of(65536, 96), "65536");
}

TEST(EncoderParams, refuse_zeros_where_onevpl_would_read_unset) {
    EncoderConfig config = config_of(128, 96);
    config.qp = 0;
    expect_refused(config, "QP of 0");
    config = config_of(128, 96);
    config.rate_control = RateControl::cbr;
    expect_refused(config, "0 kbit/s");
    config.rate_control = RateControl::vbr;
    expect_refused(config, "0 kbit/s");
    config = config_of(128, 96);
    config.fps_num = 0;
    expect_refused(config, "0/1");
    config = config_of(128, 96);
    config.fps_den = 0;
    expect_refused(config, "30/0");
}

TEST(EncoderParams, refuse_an_async_depth_out_of_range_by_its_value) {
    EncoderConfig config = config_of(128, 96);
    config.async_depth = 0;
    expect_refused(config, "depth of 0");
    config.async_depth = 65;
    expect_refused(config, "depth of 65");
    config.async_depth = 64;
    EXPECT_TRUE(to_video_param(config, DRM_FORMAT_NV12).ok());
}

TEST(EncoderParams, refuse_a_bit_rate_that_sixteen_bits_times_sixteen_cannot_hold) {
    EncoderConfig config = config_of(128, 96);
    config.rate_control = RateControl::vbr;
    config.bitrate_kbps = 4294967295U;
    expect_refused(config, "4294967295");
}

RC_GTEST_PROP(EncoderParams, express_every_bit_rate_to_within_its_multiplier,
              (std::uint32_t kbps, bool constant)) {
    RC_PRE(kbps != 0);
    EncoderConfig config = config_of(128, 96);
    config.rate_control = constant ? RateControl::cbr : RateControl::vbr;
    config.bitrate_kbps = kbps;
    const auto param = to_video_param(config, DRM_FORMAT_NV12);
    if (!param) {
        RC_ASSERT(kbps / 65535 >= 65535);
        return;
    }
    const std::uint64_t multiplier = param->mfx.BRCParamMultiplier;
    const std::uint64_t expressed = multiplier * param->mfx.TargetKbps;
    RC_ASSERT(expressed <= kbps);
    RC_ASSERT(kbps - expressed < multiplier);
    RC_ASSERT(param->mfx.MaxKbps == param->mfx.TargetKbps);
}

}  // namespace
}  // namespace mrda::vpl
