// SPDX-License-Identifier: MIT
#include <drm_fourcc.h>

#include <array>
#include <memory>

#include "media/plugins_fixture.h"

namespace mrda::media {
namespace {

class MediaYuv : public testing::Test {
  protected:
    void SetUp() override { MRDA_NEED_PLUGIN("yuv"); }

    void set(const char* name, const char* text) {
        mrda_parameter made{};
        made.name = name;
        made.type = MRDA_PARAMETER_TEXT;
        made.value.text = text;
        parameters_.push_back(made);
    }
    void set(const char* name, std::int64_t integer) {
        mrda_parameter made{};
        made.name = name;
        made.type = MRDA_PARAMETER_INTEGER;
        made.value.integer = integer;
        parameters_.push_back(made);
    }
    void add_output(std::uint32_t drm_fourcc, std::uint32_t width_px, std::uint32_t height_px) {
        outputs_.push_back(std::make_unique<Frames>(drm_fourcc, width_px, height_px, 1));
    }
    Result<Session> open(mrda_session_type type) {
        mrda_session_config config{};
        config.size_bytes = sizeof config;
        config.input = input_->pool();
        config.output_count = static_cast<std::uint32_t>(outputs_.size());
        for (std::size_t output = 0; output < outputs_.size(); ++output) {
            config.outputs[output] = outputs_[output]->pool();
        }
        config.parameters = parameters_.data();
        config.parameter_count = static_cast<std::uint32_t>(parameters_.size());
        return try_open("yuv", type, config);
    }
    Result<Status> receive(Session& session, std::uint32_t output) {
        frame_ = outputs_[output]->frame(0);
        return session.receive(output, 0, frame_);
    }

    std::unique_ptr<Frames> input_ = std::make_unique<Frames>(DRM_FORMAT_NV12, 160, 96, 6);
    std::vector<std::unique_ptr<Frames>> outputs_;
    std::vector<mrda_parameter> parameters_;
    mrda_frame frame_{};  // As it was received last.
};

TEST_F(MediaYuv, one_frame_is_scaled_to_eight_sizes_in_both_formats) {
    for (const std::uint32_t format : {DRM_FORMAT_NV12, DRM_FORMAT_YUV420}) {
        input_ = std::make_unique<Frames>(format, 160, 96, 1);
        outputs_.clear();
        constexpr std::array<std::array<std::uint32_t, 2>, 8> kSizes{{{160, 96},
                                                                      {80, 48},
                                                                      {320, 192},
                                                                      {64, 64},
                                                                      {1280, 720},
                                                                      {50, 30},
                                                                      {162, 98},
                                                                      {16, 16}}};
        for (std::size_t at = 0; at < kSizes.size(); ++at) {
            add_output(at % 2 == 0 ? DRM_FORMAT_NV12 : DRM_FORMAT_YUV420, kSizes[at][0],
                       kSizes[at][1]);
        }
        input_->put(0, ramp(160, 96));
        Session session = open(MRDA_SESSION_SCALER).value();
        ASSERT_TRUE(session.send(0, 1234, true).value());
        for (std::uint32_t output = 0; output < kSizes.size(); ++output) {
            EXPECT_EQ(session.take_done(), std::nullopt);
            ASSERT_EQ(receive(session, output).value(), Status::ok);
            EXPECT_EQ(frame_.pts, 1234);
            EXPECT_EQ(frame_.flags, std::uint32_t{MRDA_FRAME_KEY});
            EXPECT_GT(psnr(outputs_[output]->get(0), ramp(kSizes[output][0], kSizes[output][1])),
                      40)
                << output;
        }
        EXPECT_EQ(session.take_done(), 0U);
        // Chroma for the four outputs of the other format.
        EXPECT_EQ(session.report().codec_copied_bytes, 4U * 2 * 80 * 48);
    }
}

TEST_F(MediaYuv, outputs_need_not_be_received_in_step_and_a_full_scaler_says_so) {
    add_output(DRM_FORMAT_NV12, 80, 48);
    add_output(DRM_FORMAT_NV12, 64, 64);
    Session session = open(MRDA_SESSION_SCALER).value();
    std::uint32_t sent = 0;
    while (session.send(sent, 10 * sent, false).value()) {
        ASSERT_EQ(receive(session, 0).value(), Status::ok);
        EXPECT_EQ(frame_.pts, 10 * sent);
        ++sent;
    }
    EXPECT_EQ(sent, 4U);
    EXPECT_EQ(receive(session, 0).value(), Status::send_more);
    for (std::uint32_t number = 0; number < sent; ++number) {
        EXPECT_EQ(session.take_done(), std::nullopt);
        ASSERT_EQ(receive(session, 1).value(), Status::ok);
        EXPECT_EQ(frame_.pts, 10 * number);
        EXPECT_EQ(session.take_done(), number);
    }
    EXPECT_TRUE(session.send(4, 40, false).value());
}

TEST_F(MediaYuv, the_filter_flips_top_to_bottom_and_converts) {
    for (const std::uint32_t from : {DRM_FORMAT_NV12, DRM_FORMAT_YUV420}) {
        for (const std::uint32_t to : {DRM_FORMAT_NV12, DRM_FORMAT_YUV420}) {
            input_ = std::make_unique<Frames>(from, 160, 96, 1);
            outputs_.clear();
            add_output(to, 160, 96);
            Session once = open(MRDA_SESSION_FILTER).value();
            const Yuv picture = moving_picture(160, 96, 5);
            input_->put(0, picture);
            ASSERT_TRUE(once.send(0, 5, false).value());
            ASSERT_EQ(receive(once, 0).value(), Status::ok);
            EXPECT_EQ(once.take_done(), 0U);
            const Yuv flipped = outputs_[0]->get(0);
            for (std::size_t x = 0; x < 160; ++x) {
                EXPECT_EQ(flipped.bytes[x], picture.bytes[95 * 160 + x]);
            }
            input_->put(0, flipped);
            ASSERT_TRUE(once.send(0, 6, false).value());
            ASSERT_EQ(receive(once, 0).value(), Status::ok);
            EXPECT_EQ(outputs_[0]->get(0), picture);
        }
    }
}

TEST_F(MediaYuv, the_filter_turns_clockwise_and_then_mirrors_in_both_formats) {
    const Yuv picture = moving_picture(160, 96, 5);
    for (const std::uint32_t from : {DRM_FORMAT_NV12, DRM_FORMAT_YUV420}) {
        for (const std::uint32_t to : {DRM_FORMAT_NV12, DRM_FORMAT_YUV420}) {
            for (const std::uint32_t degrees : {0U, 90U, 180U, 270U}) {
                for (const char* const mirror : {"none", "horizontal", "vertical"}) {
                    const bool sideways = degrees % 180 != 0;
                    input_ = std::make_unique<Frames>(from, 160, 96, 1);
                    outputs_.clear();
                    parameters_.clear();
                    add_output(to, sideways ? 96 : 160, sideways ? 160 : 96);
                    set("rotation", degrees);
                    set("mirror", mirror);
                    Session session = open(MRDA_SESSION_FILTER).value();
                    input_->put(0, picture);
                    ASSERT_TRUE(session.send(0, 5, false).value());
                    ASSERT_EQ(receive(session, 0).value(), Status::ok);
                    EXPECT_EQ(outputs_[0]->get(0), oriented(picture, degrees, mirror))
                        << degrees << " " << mirror;
                }
            }
        }
    }
}

TEST_F(MediaYuv, parameters_that_cannot_be_are_refused_by_name) {
    add_output(DRM_FORMAT_NV12, 160, 96);
    set("rotation", 45);
    expect_error(open(MRDA_SESSION_FILTER), Errc::invalid_argument, "\"rotation\" is 45");
    expect_error(open(MRDA_SESSION_SCALER), Errc::invalid_argument, "\"rotation\" is not known");
    parameters_.clear();
    set("mirror", "sideways");
    expect_error(open(MRDA_SESSION_FILTER), Errc::invalid_argument, "\"mirror\" is sideways");
    parameters_.clear();
    set("rotation", 90);
    Session session = open(MRDA_SESSION_FILTER).value();
    ASSERT_TRUE(session.send(0, 0, false).value());
    expect_error(receive(session, 0), Errc::invalid_argument, "no 160x96 of 160x96 on its side");
}

TEST_F(MediaYuv, twenty_frames_keep_their_pts_and_come_out_right) {
    add_output(DRM_FORMAT_YUV420, 160, 96);
    Session session = open(MRDA_SESSION_SCALER).value();
    for (std::int64_t number = 0; number < 20; ++number) {
        input_->put(0, moving_picture(160, 96, number));
        ASSERT_TRUE(session.send(0, number * kTicksPerFrame, false).value());
        ASSERT_EQ(receive(session, 0).value(), Status::ok);
        EXPECT_EQ(frame_.pts, number * kTicksPerFrame);
        EXPECT_EQ(outputs_[0]->get(0), moving_picture(160, 96, number));
    }
}

TEST_F(MediaYuv, an_end_is_the_end_also_if_told_twice_and_a_reset_undoes_it) {
    add_output(DRM_FORMAT_NV12, 80, 48);
    Session session = open(MRDA_SESSION_SCALER).value();
    ASSERT_TRUE(session.drain().ok());
    EXPECT_EQ(receive(session, 0).value(), Status::end_of_stream);
    ASSERT_TRUE(session.drain().ok());
    EXPECT_EQ(receive(session, 0).value(), Status::end_of_stream);
    expect_error(session.send(0, 0, false), Errc::invalid_argument, "after the stream's end");
    ASSERT_TRUE(session.reset().ok());
    ASSERT_TRUE(session.send(0, 0, false).value());
    ASSERT_TRUE(session.drain().ok());
    EXPECT_EQ(receive(session, 0).value(), Status::ok);
    EXPECT_EQ(receive(session, 0).value(), Status::end_of_stream);
}

TEST_F(MediaYuv, a_reset_drops_what_is_inside) {
    add_output(DRM_FORMAT_NV12, 80, 48);
    Session session = open(MRDA_SESSION_SCALER).value();
    ASSERT_TRUE(session.send(0, 0, false).value());
    ASSERT_TRUE(session.reset().ok());
    EXPECT_EQ(session.take_done(), std::nullopt);
    EXPECT_EQ(receive(session, 0).value(), Status::send_more);
}

TEST_F(MediaYuv, outputs_that_cannot_be_are_refused_by_name) {
    expect_error(open(MRDA_SESSION_SCALER), Errc::invalid_argument, "0 outputs, of 1 to 8");
    add_output(DRM_FORMAT_NV12, 80, 48);
    Session session = open(MRDA_SESSION_FILTER).value();
    ASSERT_TRUE(session.send(0, 0, false).value());
    expect_error(receive(session, 0), Errc::invalid_argument, "no 80x48 of 160x96");
    add_output(DRM_FORMAT_NV12, 80, 48);
    expect_error(open(MRDA_SESSION_FILTER), Errc::invalid_argument, "2 outputs, of 1 to 1");
}

}  // namespace
}  // namespace mrda::media
