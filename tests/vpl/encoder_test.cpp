// SPDX-License-Identifier: MIT
#include "mrda/vpl/encoder.h"

#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "encoder_fixture.h"
#include "support/platform.h"

namespace mrda::vpl {
namespace {

using test::Coded;

class VplEncoder : public test::EncoderTest, public testing::WithParamInterface<Codec> {
  protected:
    void SetUp() override {
        EncoderTest::SetUp();
        ASSERT_FALSE(HasFatalFailure());
        require(GetParam());
    }
};

TEST_P(VplEncoder, gives_one_packet_for_each_frame_with_its_time_stamp) {
    auto encoder = create(small_config(GetParam()));
    const std::vector<Coded> coded = encode(*encoder, 20);
    ASSERT_EQ(coded.size(), 20U);
    for (std::size_t i = 0; i < coded.size(); ++i) {
        EXPECT_EQ(coded[i].pts, static_cast<std::int64_t>(i) * kFrameTicks);
        EXPECT_EQ(coded[i].dts, coded[i].pts);
        EXPECT_GT(coded[i].bytes, 0U);
    }
}

TEST_P(VplEncoder, begins_with_a_key_frame_and_repeats_it_at_the_gop_size) {
    EncoderConfig config = small_config(GetParam());
    config.gop_size = 8;
    auto encoder = create(config);
    const std::vector<Coded> coded = encode(*encoder, 20);
    ASSERT_EQ(coded.size(), 20U);
    for (std::size_t i = 0; i < coded.size(); ++i) {
        EXPECT_EQ(coded[i].key_frame, i % 8 == 0) << "frame " << i;
    }
}

TEST_P(VplEncoder, with_b_frames_gives_each_frame_once_and_in_decodable_order) {
    EncoderConfig config = small_config(GetParam());
    // SVT-AV1 makes whole mini-GOPs of 4, 8 or 16.
    config.gop_ref_dist = GetParam() == Codec::av1 ? 4 : 3;
    config.num_ref_frames = 2;
    require(config);
    if (IsSkipped()) {
        return;
    }
    auto encoder = create(config);
    std::vector<Coded> coded = encode(*encoder, 20);
    ASSERT_EQ(coded.size(), 20U);
    EXPECT_TRUE(coded.front().key_frame);
    for (std::size_t i = 0; i < coded.size(); ++i) {
        EXPECT_LE(coded[i].dts, coded[i].pts) << "packet " << i;
        EXPECT_TRUE(i == 0 || coded[i - 1].dts < coded[i].dts) << "packet " << i;
    }
    std::sort(coded.begin(), coded.end(),
              [](const Coded& a, const Coded& b) { return a.pts < b.pts; });
    for (std::size_t i = 0; i < coded.size(); ++i) {
        EXPECT_EQ(coded[i].pts, static_cast<std::int64_t>(i) * kFrameTicks);
    }
}

TEST_P(VplEncoder, takes_as_many_operations_as_its_depth_before_the_first_packet_is_asked_for) {
    EncoderConfig config = small_config(GetParam());
    config.async_depth = 3;
    auto encoder = create(config, 3);
    std::int64_t frame = 0;
    while (encoder->in_flight() < 3) {
        ASSERT_LT(frame, 64) << "no operation came in flight";
        submit(*encoder, wait_for_free_surface(*encoder), frame++);
    }
    const auto refused =
        encoder->submit(wait_for_free_surface(*encoder), frame * kFrameTicks, Sync::idle());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::busy);
    EXPECT_NE(refused.error().message.find("3 operations"), std::string::npos)
        << refused.error().message;
    EXPECT_EQ(drain(*encoder).size(), static_cast<std::size_t>(frame));
}

TEST_P(VplEncoder, of_depth_one_has_never_more_than_one_operation_in_flight) {
    EncoderConfig config = small_config(GetParam());
    config.async_depth = 1;
    auto encoder = create(config);
    EXPECT_EQ(encode(*encoder, 6).size(), 6U);
    EXPECT_EQ(most_in_flight(), 1U);
}

TEST_P(VplEncoder, says_what_it_needs_before_the_first_frame_and_its_end_after_the_last) {
    auto encoder = create(small_config(GetParam()));
    auto received = encoder->receive();
    ASSERT_TRUE(received.ok()) << to_string(received.error());
    EXPECT_EQ(received->status, Received::Status::need_input);
    submit(*encoder, 0, 0);
    EXPECT_EQ(drain(*encoder).size(), 1U);
    received = encoder->receive();
    ASSERT_TRUE(received.ok());
    EXPECT_EQ(received->status, Received::Status::end_of_stream);
    EXPECT_EQ(encoder->in_flight(), 0U);
}

TEST_P(VplEncoder, drained_without_a_frame_is_at_its_end) {
    auto encoder = create(small_config(GetParam()));
    EXPECT_TRUE(drain(*encoder).empty());
}

TEST_P(VplEncoder, takes_no_frame_after_drain) {
    auto encoder = create(small_config(GetParam()));
    submit(*encoder, 0, 0);
    encoder->drain();
    const auto refused =
        encoder->submit(wait_for_free_surface(*encoder), kFrameTicks, Sync::idle());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    EXPECT_EQ(drain(*encoder).size(), 1U);
}

TEST_P(VplEncoder, may_go_while_operations_are_in_flight) {
    EncoderConfig config = small_config(GetParam());
    auto encoder = create(config);
    for (std::int64_t frame = 0; encoder->in_flight() < 2; ++frame) {
        ASSERT_LT(frame, 64);
        submit(*encoder, wait_for_free_surface(*encoder), frame);
    }
    encoder.reset();
}

TEST_P(VplEncoder, works_in_the_surfaces_through_their_handles) {
    auto encoder = create(small_config(GetParam()));
    ASSERT_EQ(encode(*encoder, 5).size(), 5U);
    EXPECT_GE(encoder->allocator().handles_given(), 1U);
}

TEST_P(VplEncoder, reports_what_the_codec_library_made_the_runtime_copy) {
    MRDA_ONLY_ON(software, "only MRDA's runtime reports that");
    constexpr std::uint64_t kFrames = 10;
    auto encoder = create(small_config(GetParam()));
    ASSERT_EQ(encode(*encoder, kFrames).size(), kFrames);
    // x264 takes NV12 as it is; x265 and SVT-AV1 want the chroma planes apart.
    const std::uint64_t per_frame = GetParam() == Codec::avc ? 0 : kWidthPx * kHeightPx / 2;
    EXPECT_EQ(encoder->codec_copied_bytes(), kFrames * per_frame);
}

TEST_P(VplEncoder, keeps_to_a_bit_rate) {
    for (const RateControl control : {RateControl::cbr, RateControl::vbr}) {
        EncoderConfig config = small_config(GetParam());
        config.rate_control = control;
        config.bitrate_kbps = 500;
        // SVT-AV1 varies its rate with B frames only.
        const bool needs_b_frames = GetParam() == Codec::av1 && control == RateControl::vbr;
        config.gop_ref_dist = needs_b_frames ? 8 : 1;
        auto encoder = create(config);
        EXPECT_EQ(encode(*encoder, 10).size(), 10U);
    }
}

TEST_P(VplEncoder, refuses_a_format_that_onevpl_encodes_not) {
    const EncoderConfig config = small_config(GetParam());
    const auto needed = Encoder::needed_surfaces(display(), config, DRM_FORMAT_YUV420);
    ASSERT_FALSE(needed.ok());
    EXPECT_EQ(needed.error().code, Errc::unsupported);
    EXPECT_NE(needed.error().message.find("YU12"), std::string::npos) << needed.error().message;
    MRDA_ONLY_ON(software, "a GPU's driver need not import such surfaces");
    const auto created = try_create(config, DRM_FORMAT_YUV420);
    ASSERT_FALSE(created.ok());
    EXPECT_EQ(created.error().code, Errc::unsupported);
    EXPECT_NE(created.error().message.find("YU12"), std::string::npos) << created.error().message;
}

TEST_P(VplEncoder, refuses_a_profile_that_the_codec_has_not_by_its_number) {
    EncoderConfig config = small_config(GetParam());
    config.profile = 4711;
    const auto created = try_create(config, DRM_FORMAT_NV12);
    ASSERT_FALSE(created.ok());
    EXPECT_EQ(created.error().code, Errc::unsupported) << created.error().message;
    EXPECT_NE(created.error().message.find("profile 4711"), std::string::npos)
        << created.error().message;
}

INSTANTIATE_TEST_SUITE_P(codecs, VplEncoder, testing::Values(Codec::avc, Codec::hevc, Codec::av1),
                         [](const auto& codec) { return std::string(to_string(codec.param)); });

using VplEncoderInput = test::EncoderTest;

TEST_F(VplEncoderInput, is_refused_where_it_is_no_surface_of_the_encoder) {
    auto encoder = create(small_config(Codec::avc));
    const auto refused = encoder->submit(surface_count(), 0, Sync::idle());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    EXPECT_NE(refused.error().message.find("surface " + std::to_string(surface_count())),
              std::string::npos)
        << refused.error().message;
}

TEST_F(VplEncoderInput, is_refused_while_the_encoder_uses_it) {
    EncoderConfig config = small_config(Codec::avc);
    config.width_px = 1280;
    config.height_px = 720;
    config.target_usage = 1;
    auto encoder = create(config);
    // The last of several waits its turn behind pictures that take milliseconds each.
    for (std::size_t frame = 0; frame < 4; ++frame) {
        const auto taken =
            encoder->submit(frame, static_cast<std::int64_t>(frame) * kFrameTicks, Sync::idle());
        ASSERT_TRUE(taken.ok()) << to_string(taken.error());
    }
    const auto refused = encoder->submit(3, 4 * kFrameTicks, Sync::idle());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    EXPECT_NE(refused.error().message.find("surface 3"), std::string::npos)
        << refused.error().message;
    EXPECT_EQ(drain(*encoder).size(), 4U);
}

TEST_F(VplEncoderInput, that_never_becomes_ready_is_given_up_in_time_and_stays_free) {
    auto encoder = create(small_config(Codec::avc));
    const auto wait = [](void*, std::uint64_t id, std::uint64_t timeout_ns) -> Result<void> {
        std::this_thread::sleep_for(std::chrono::nanoseconds(timeout_ns));
        return make_error(Errc::timeout, "event " + std::to_string(id) + " did not come");
    };
    const Sync never = Sync::pending(Sync::Kind::event, nullptr, 7, wait);
    const auto refused = encoder->submit(0, 0, never, 20'000'000);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::timeout);
    EXPECT_EQ(refused.error().message,
              "surface 0 cannot be encoded before its event comes: event 7 did not come");
    EXPECT_EQ(encoder->in_flight(), 0U);
    EXPECT_EQ(encoder->free_surface(), 0U);
    EXPECT_EQ(encode(*encoder, 3).size(), 3U);
}

TEST_F(VplEncoderInput, is_waited_for_as_long_as_the_caller_says_and_without_end_by_default) {
    auto encoder = create(small_config(Codec::avc));
    std::uint64_t waited_ns = 0;
    const auto note = [](void* noted, std::uint64_t, std::uint64_t timeout_ns) -> Result<void> {
        *static_cast<std::uint64_t*>(noted) = timeout_ns;
        return make_error(Errc::device_lost, "the device is gone");
    };
    const Sync ready = Sync::pending(Sync::Kind::event, &waited_ns, 7, note);
    EXPECT_EQ(encoder->submit(0, 0, ready, 5).error().code, Errc::device_lost);
    EXPECT_EQ(waited_ns, 5U);
    EXPECT_EQ(encoder->submit(0, 0, ready).error().code, Errc::device_lost);
    EXPECT_EQ(waited_ns, kWaitForever);
}

TEST_F(VplEncoderInput, is_waited_for_before_it_is_encoded) {
    auto encoder = create(small_config(Codec::avc));
    int waits = 0;
    const auto count = [](void* counter, std::uint64_t, std::uint64_t) -> Result<void> {
        ++*static_cast<int*>(counter);
        return {};
    };
    const auto taken = encoder->submit(0, 0, Sync::pending(Sync::Kind::event, &waits, 0, count));
    ASSERT_TRUE(taken.ok()) << to_string(taken.error());
    EXPECT_EQ(waits, 1);
    EXPECT_EQ(drain(*encoder).size(), 1U);
}

TEST_F(VplEncoderInput, that_is_late_makes_receive_give_up_at_its_deadline_and_comes_after_all) {
    EncoderConfig config = small_config(Codec::av1);
    config.width_px = 1280;
    config.height_px = 720;
    config.target_usage = 1;
    require(config);
    if (IsSkipped()) {
        return;
    }
    auto encoder = create(config);
    bool timed_out = false;
    std::size_t received = 0;
    std::int64_t frame = 0;
    for (; frame < 30 && !timed_out; ++frame) {
        submit(*encoder, wait_for_free_surface(*encoder), frame);
        const auto packet = encoder->receive(0);
        timed_out = !packet.ok();
        if (timed_out) {
            EXPECT_EQ(packet.error().code, Errc::timeout) << packet.error().message;
        } else if (packet->status == Received::Status::packet) {
            ++received;
        }
    }
    EXPECT_EQ(received + drain(*encoder).size(), static_cast<std::size_t>(frame));
    MRDA_NEEDS_PIXELS("no picture is late");
    EXPECT_TRUE(timed_out);
}

using VplEncoderCreate = test::EncoderTest;

void expect_refused(const Result<std::unique_ptr<Encoder>>& created, const std::string& named) {
    ASSERT_FALSE(created.ok()) << named;
    EXPECT_EQ(created.error().code, Errc::invalid_argument) << created.error().message;
    EXPECT_NE(created.error().message.find(named), std::string::npos) << created.error().message;
}

TEST_F(VplEncoderCreate, refuses_what_the_runtime_would_change_in_silence) {
    const bool on_gpu = mrda::test::platform() == Platform::gpu;
    EncoderConfig config = small_config(on_gpu ? Codec::avc : Codec::av1);
    config.gop_ref_dist = 3;
    const auto created = try_create(config, DRM_FORMAT_NV12);
    if (on_gpu && created.ok()) {
        GTEST_SKIP() << "this GPU encodes h264 with B frames";
    }
    ASSERT_FALSE(created.ok());
    EXPECT_EQ(created.error().code, Errc::unsupported);
    EXPECT_NE(created.error().message.find("GOP reference distance 3"), std::string::npos)
        << created.error().message;
}

TEST_F(VplEncoderCreate, refuses_fewer_surfaces_than_the_runtime_needs) {
    EncoderConfig config = small_config(Codec::avc);
    config.async_depth = 8;
    expect_refused(try_create(config, DRM_FORMAT_NV12, 1), "1 surfaces given");
}

TEST_F(VplEncoderCreate, refuses_surfaces_smaller_than_the_picture_naming_both) {
    EncoderConfig config = small_config(Codec::avc);
    config.width_px = kWidthPx * 2;
    auto frames =
        test::import_frames(context(), display(), DRM_FORMAT_NV12, kWidthPx, kHeightPx, 8);
    const auto created = Encoder::create(display(), config, std::move(frames.surfaces));
    expect_refused(created, std::to_string(kWidthPx) + "x" + std::to_string(kHeightPx));
    expect_refused(created, std::to_string(config.width_px) + "x" + std::to_string(kHeightPx));
}

TEST_F(VplEncoderCreate, refuses_values_that_no_encoder_has_a_meaning_for) {
    EncoderConfig config = small_config(Codec::avc);
    config.qp = 0;
    expect_refused(try_create(config, DRM_FORMAT_NV12), "QP of 0");
    config = small_config(Codec::avc);
    config.rate_control = RateControl::cbr;
    config.bitrate_kbps = 0;
    expect_refused(try_create(config, DRM_FORMAT_NV12), "0 kbit/s");
    config = small_config(Codec::avc);
    config.async_depth = 0;
    expect_refused(try_create(config, DRM_FORMAT_NV12), "depth of 0");
    config = small_config(Codec::avc);
    config.fps_num = 0;
    expect_refused(try_create(config, DRM_FORMAT_NV12), "0/1");
}

TEST_F(VplEncoderCreate, refuses_to_work_without_surfaces) {
    expect_refused(try_create(small_config(Codec::avc), DRM_FORMAT_NV12, 0), "no surface");
}

TEST_F(VplEncoderCreate, tells_beforehand_how_many_surfaces_keep_it_busy) {
    EncoderConfig config = small_config(Codec::avc);
    config.async_depth = 1;
    const auto few = Encoder::needed_surfaces(display(), config, DRM_FORMAT_NV12);
    config.async_depth = 8;
    const auto many = Encoder::needed_surfaces(display(), config, DRM_FORMAT_NV12);
    ASSERT_TRUE(few.ok() && many.ok());
    EXPECT_GE(*few, 2U);
    EXPECT_GT(*many, *few);
    EXPECT_FALSE(Encoder::needed_surfaces(display(), config, DRM_FORMAT_YUV420).ok());
}

TEST_F(VplEncoderCreate, encodes_pictures_smaller_than_their_surfaces) {
    EncoderConfig config = small_config(Codec::avc);
    config.width_px = kWidthPx - 2;
    config.height_px = kHeightPx - 2;
    auto encoder = create(config);
    EXPECT_EQ(encode(*encoder, 3).size(), 3U);
}

TEST_F(VplEncoderCreate, takes_ten_bit_and_rgb_surfaces) {
    require(Codec::hevc);
    if (IsSkipped()) {
        return;
    }
    for (const std::uint32_t fourcc : {DRM_FORMAT_P010, DRM_FORMAT_ARGB8888}) {
        auto created = try_create(small_config(Codec::hevc), fourcc);
        ASSERT_TRUE(created.ok()) << to_string(created.error());
        EXPECT_EQ(encode(**created, 3).size(), 3U) << fourcc_string(fourcc);
    }
}

}  // namespace
}  // namespace mrda::vpl
