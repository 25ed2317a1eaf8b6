// SPDX-License-Identifier: MIT
#include "encode_request.h"

#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <functional>

namespace mrda::service {
namespace {

v1::CreateRequest good() {
    v1::CreateRequest request;
    request.mutable_wire()->set_oldest_major(1);
    request.mutable_wire()->set_newest_major(1);
    v1::EncodeConfig& encode = *request.mutable_encode();
    encode.set_codec(v1::CODEC_AVC);
    encode.set_drm_fourcc(DRM_FORMAT_NV12);
    encode.set_width_px(1920);
    encode.set_height_px(1080);
    encode.set_fps_num(30);
    encode.set_fps_den(1);
    encode.set_qp(22);
    encode.set_gop_size(60);
    encode.set_gop_ref_dist(1);
    encode.set_num_ref_frames(1);
    encode.set_target_usage(4);
    encode.set_async_depth(4);
    return request;
}

TEST(EncodeRequest, gets_the_layout_that_an_encoder_imports) {
    const auto plan = plan_session(good());
    ASSERT_TRUE(plan.ok()) << to_string(plan.error());
    EXPECT_EQ(plan->frame.height_px(), 1088U);
    EXPECT_EQ(plan->frame.planes()[0].pitch_bytes % 64, 0U);
    EXPECT_GE(plan->layout.input_slot_bytes(), plan->frame.size_bytes());
    EXPECT_EQ(plan->params.plugin, "vpl");
    EXPECT_EQ(plan->pixels_per_second(), 1920U * 1080 * 30);
}

TEST(EncodeRequest, larger_slots_are_given_and_rounding_is_said) {
    auto request = good();
    request.set_input_slots(3);
    request.set_input_slot_bytes(10'000'000);
    const auto plan = plan_session(request);
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(plan->layout.input_slots(), 3U);
    EXPECT_EQ(plan->layout.input_slot_bytes(), 10'002'432U);
    ASSERT_EQ(plan->notices.size(), 1U);
    EXPECT_NE(plan->notices[0].find("10002432"), std::string::npos);
}

struct Bad {
    const char* name;
    std::function<void(v1::CreateRequest&)> spoil;
    const char* says;
};

class BadEncodeRequest : public testing::TestWithParam<Bad> {};

TEST_P(BadEncodeRequest, is_refused_by_name) {
    auto request = good();
    GetParam().spoil(request);
    const auto plan = plan_session(request);
    ASSERT_FALSE(plan.ok());
    EXPECT_TRUE(plan.error().code == Errc::invalid_argument ||
                plan.error().code == Errc::unsupported);
    EXPECT_NE(plan.error().message.find(GetParam().says), std::string::npos)
        << plan.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    All, BadEncodeRequest,
    testing::Values(
        Bad{"no_codec", [](auto& r) { r.mutable_encode()->set_codec(v1::CODEC_UNSPECIFIED); },
            "codec 0"},
        Bad{"unknown_codec",
            [](auto& r) { r.mutable_encode()->set_codec(static_cast<v1::Codec>(77)); }, "codec 77"},
        Bad{"profile_of_another_codec", [](auto& r) { r.mutable_encode()->set_profile("main10"); },
            "profile \"main10\""},
        Bad{"rate_control",
            [](auto& r) { r.mutable_encode()->set_rate_control(static_cast<v1::RateControl>(9)); },
            "rate control 9"},
        Bad{"vbr_without_bitrate",
            [](auto& r) { r.mutable_encode()->set_rate_control(v1::RATE_CONTROL_VBR); },
            "bitrate 0"},
        Bad{"fourcc", [](auto& r) { r.mutable_encode()->set_drm_fourcc(0x12345678); },
            "unknown DRM fourcc"},
        Bad{"no_width", [](auto& r) { r.mutable_encode()->set_width_px(0); }, "width 0"},
        Bad{"too_wide", [](auto& r) { r.mutable_encode()->set_width_px(100'000); }, "width 100000"},
        Bad{"odd", [](auto& r) { r.mutable_encode()->set_height_px(1079); }, "1079"},
        Bad{"fps", [](auto& r) { r.mutable_encode()->set_fps_num(0); }, "fps 0"},
        Bad{"fps_denominator", [](auto& r) { r.mutable_encode()->set_fps_den(0); },
            "fps denominator 0"},
        Bad{"qp", [](auto& r) { r.mutable_encode()->set_qp(52); }, "qp 52"},
        Bad{"gop", [](auto& r) { r.mutable_encode()->set_gop_size(0); }, "GOP size 0"},
        Bad{"depth", [](auto& r) { r.mutable_encode()->set_async_depth(1000); },
            "async depth 1000"},
        Bad{"small_slots", [](auto& r) { r.set_input_slot_bytes(1000); }, "needs 3133440"},
        Bad{"many_slots", [](auto& r) { r.set_input_slots(2000); }, "2000 input slots"},
        Bad{"plugin_elsewhere", [](auto& r) { r.mutable_encode()->set_plugin("../../evil"); },
            "plugin \"../../evil\""},
        Bad{"long_plugin", [](auto& r) { r.mutable_encode()->set_plugin(std::string(1000, 'a')); },
            "up to 64"},
        Bad{"huge_slots", [](auto& r) { r.set_output_slot_bytes(~std::uint64_t{0}); },
            "output slots of"},
        Bad{"newer_guest",
            [](auto& r) {
                r.mutable_wire()->set_oldest_major(2);
                r.mutable_wire()->set_newest_major(3);
            },
            "2 to 3"}),
    [](const auto& parameter) { return parameter.param.name; });

TEST(EncodeRequest, vp9_is_the_plugin_vpx_s_and_its_qp_ends_at_63) {
    auto request = good();
    v1::EncodeConfig& encode = *request.mutable_encode();
    encode.set_codec(v1::CODEC_VP9);
    encode.set_qp(63);
    const auto plan = plan_session(request);
    ASSERT_TRUE(plan.ok()) << to_string(plan.error());
    EXPECT_EQ(plan->params.codec, "vp9");
    EXPECT_EQ(plan->params.plugin, "vpx");
    encode.set_qp(64);
    EXPECT_NE(plan_session(request).error().message.find("qp 64"), std::string::npos);
    encode.set_qp(30);
    encode.set_profile("main");
    EXPECT_NE(plan_session(request).error().message.find("vp9 has 0"), std::string::npos);
}

TEST(EncodeRequest, the_transport_alone_takes_any_even_size_unpadded) {
    auto request = good();
    request.mutable_encode()->set_codec(v1::CODEC_COPY);
    request.mutable_encode()->set_width_px(34);
    request.mutable_encode()->set_height_px(30);
    const auto plan = plan_session(request);
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(plan->frame.size_bytes(), 34U * 30 * 3 / 2);
    EXPECT_EQ(plan->params.plugin, "copy");
}

}  // namespace
}  // namespace mrda::service
