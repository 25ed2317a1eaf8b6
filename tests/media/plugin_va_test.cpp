// SPDX-License-Identifier: MIT
#include <drm_fourcc.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "media/plugins_fixture.h"
#include "mrda/media/device.h"
#include "mrda/media/layout.h"

namespace mrda::media {
namespace {

constexpr std::int32_t kMapped = 0;
constexpr std::int32_t kOutOfReach = 1;  // Of processors.
constexpr std::uint64_t kWaitNs = 1'000'000'000;

/// NV12 frames in buffers that drivers import.
class SharedFrames {
  public:
    SharedFrames(std::uint32_t width_px, std::uint32_t height_px, std::uint32_t count,
                 std::int32_t bank = kMapped, std::uint32_t drm_fourcc = DRM_FORMAT_NV12)
        : layout_(FrameLayout::linear(drm_fourcc, width_px, height_px).value()),
          words_(to_media(layout_)) {
        const auto device = make_host_device(0);
        for (std::uint32_t index = 0; index < count; ++index) {
            buffers_.push_back(device->allocate(bank, layout_.size_bytes()).value());
            list_.push_back(&buffers_.back()->view());
        }
    }

    [[nodiscard]] mrda_pool pool() const {
        return {list_.data(), static_cast<std::uint32_t>(list_.size()), 0, words_};
    }
    [[nodiscard]] mrda_frame frame(std::uint32_t index) const {
        mrda_frame made{};
        made.size_bytes = sizeof made;
        made.buffer = list_[index];
        made.layout = &words_;
        made.index = index;
        return made;
    }
    /// From now on only its pages are told of.
    void hide_objects() {
        views_.reserve(list_.size());
        for (const mrda_buffer*& buffer : list_) {
            views_.push_back(*buffer);
            views_.back().memory = MRDA_MEMORY_PAGES;
            views_.back().fd = -1;
            buffer = &views_.back();
        }
    }
    [[nodiscard]] std::vector<std::byte> bytes(std::uint32_t index) const {
        std::vector<std::byte> all(layout_.size_bytes());
        EXPECT_TRUE(buffers_[index]->read(0, all).ok());
        return all;
    }
    void put(std::uint32_t index, const Yuv& picture) {
        std::vector<std::byte> all = bytes(index);
        std::size_t at = 0;
        for (const std::size_t to : offsets()) {
            all[to] = static_cast<std::byte>(picture.bytes[at++]);
        }
        EXPECT_TRUE(buffers_[index]->write(0, all).ok());
    }
    [[nodiscard]] Yuv get(std::uint32_t index) const {
        const std::vector<std::byte> all = bytes(index);
        Yuv made{layout_.width_px(), layout_.height_px(), {}};
        for (const std::size_t from : offsets()) {
            made.bytes.push_back(std::to_integer<std::uint8_t>(all[from]));
        }
        return made;
    }

  private:
    /// Where each sample of an I420 picture lies.
    [[nodiscard]] std::vector<std::size_t> offsets() const {
        std::vector<std::size_t> made;
        const auto plane = [&](std::size_t index, std::size_t first, std::size_t step) {
            const PlaneLayout& at = layout_.planes()[index];
            for (std::size_t y = 0; y < layout_.rows(index); ++y) {
                for (std::size_t x = 0; x < layout_.row_bytes(index); x += step) {
                    made.push_back(at.offset_bytes + y * at.pitch_bytes + x + first);
                }
            }
        };
        plane(0, 0, 1);
        plane(1, 0, 2);
        plane(1, 1, 2);
        return made;
    }

    FrameLayout layout_;
    mrda_media_layout words_;
    std::vector<std::shared_ptr<const Buffer>> buffers_;
    std::vector<mrda_buffer> views_;
    std::vector<const mrda_buffer*> list_;
};

class MediaVa : public testing::Test {
  protected:
    void SetUp() override { MRDA_NEED_PLUGIN("va"); }

    void set(const char* name, const char* text) {
        parameters_.emplace_back();
        parameters_.back().name = name;
        parameters_.back().type = MRDA_PARAMETER_TEXT;
        parameters_.back().value.text = text;
    }
    void set(const char* name, std::int64_t integer) {
        parameters_.emplace_back();
        parameters_.back().name = name;
        parameters_.back().type = MRDA_PARAMETER_INTEGER;
        parameters_.back().value.integer = integer;
    }
    SharedFrames& add_output(std::uint32_t width_px, std::uint32_t height_px,
                             std::int32_t bank = kMapped,
                             std::uint32_t drm_fourcc = DRM_FORMAT_NV12) {
        outputs_.push_back(
            std::make_unique<SharedFrames>(width_px, height_px, 2, bank, drm_fourcc));
        return *outputs_.back();
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
        path_.copy(config.path, sizeof config.path);
        return try_open("va", type, config);
    }
    Result<Status> receive(Session& session, std::uint32_t output, std::uint32_t index = 0) {
        frame_ = outputs_[output]->frame(index);
        return session.receive(output, kWaitNs, frame_);
    }
    /// The first output's picture of that one.
    Yuv made_of(Session& session, const Yuv& picture) {
        input_->put(0, picture);
        EXPECT_TRUE(session.send(0, 0, false).value());
        EXPECT_EQ(receive(session, 0).value(), Status::ok);
        EXPECT_EQ(session.take_done(), 0U);
        return outputs_[0]->get(0);
    }

    std::string path_;
    std::unique_ptr<SharedFrames> input_ = std::make_unique<SharedFrames>(160, 96, 6);
    std::vector<std::unique_ptr<SharedFrames>> outputs_;
    std::vector<mrda_parameter> parameters_;
    mrda_frame frame_{};  // As it was received last.
};

constexpr std::array<std::array<std::uint32_t, 2>, 8> kSizes{
    {{160, 96}, {80, 48}, {320, 192}, {64, 64}, {1280, 720}, {50, 30}, {162, 98}, {16, 16}}};

/// What libyuv's scaler makes of it; in I420, since far down it shifts chroma that is in pairs.
Yuv scaled_by_yuv(const Yuv& picture, std::uint32_t width_px, std::uint32_t height_px) {
    Frames input(DRM_FORMAT_YUV420, picture.width_px, picture.height_px, 1);
    Frames output(DRM_FORMAT_YUV420, width_px, height_px, 1);
    mrda_session_config config{};
    config.size_bytes = sizeof config;
    config.input = input.pool();
    config.output_count = 1;
    config.outputs[0] = output.pool();
    Session session = try_open("yuv", MRDA_SESSION_SCALER, config).value();
    input.put(0, picture);
    EXPECT_TRUE(session.send(0, 0, false).value());
    mrda_frame frame = output.frame(0);
    EXPECT_EQ(session.receive(0, 0, frame).value(), Status::ok);
    return output.get(0);
}

TEST_F(MediaVa, one_frame_is_scaled_to_eight_sizes_as_libyuv_scales_it) {
    MRDA_NEED_PLUGIN("yuv");
    for (const auto& [width, height] : kSizes) {
        add_output(width, height);
    }
    const Yuv picture = ramp(160, 96);
    input_->put(0, picture);
    Session session = open(MRDA_SESSION_SCALER).value();
    ASSERT_TRUE(session.send(0, 1234, true).value());
    for (std::uint32_t output = 0; output < kSizes.size(); ++output) {
        EXPECT_EQ(session.take_done(), std::nullopt);
        ASSERT_EQ(receive(session, output).value(), Status::ok);
        EXPECT_EQ(frame_.pts, 1234);
        EXPECT_EQ(frame_.flags, std::uint32_t{MRDA_FRAME_KEY});
        const auto& [width, height] = kSizes[output];
        EXPECT_GT(psnr(outputs_[output]->get(0), scaled_by_yuv(picture, width, height)), 40)
            << width << "x" << height;
    }
    EXPECT_EQ(session.take_done(), 0U);
    const mrda_media_report report = session.report();
    EXPECT_STREQ(report.path, "direct");
    EXPECT_THAT(report.path_reason,
                testing::AnyOf(testing::StrEq(""), testing::HasSubstr("udmabuf")));
    EXPECT_EQ(report.cpu_copied_bytes, 0U);
    EXPECT_THAT(report.implementation, testing::HasSubstr("MRDA"));
}

TEST_F(MediaVa, frames_that_no_processor_reaches_are_scaled_by_the_device) {
    input_ = std::make_unique<SharedFrames>(160, 96, 1, kOutOfReach);
    add_output(80, 48, kOutOfReach);
    ASSERT_EQ(outputs_[0]->frame(0).buffer->pages, nullptr);
    Session session = open(MRDA_SESSION_SCALER).value();
    EXPECT_GT(psnr(made_of(session, ramp(160, 96)), scaled_by_yuv(ramp(160, 96), 80, 48)), 40);
}

TEST_F(MediaVa, frames_that_are_pages_alone_are_surfaces_too_and_the_report_says_why) {
    add_output(160, 96);
    input_->hide_objects();
    outputs_[0]->hide_objects();
    Session session = open(MRDA_SESSION_SCALER).value();
    EXPECT_EQ(made_of(session, moving_picture(160, 96, 1)), moving_picture(160, 96, 1));
    EXPECT_THAT(session.report().path_reason, testing::HasSubstr("input by userptr"));
    EXPECT_EQ(session.report().cpu_copied_bytes, 0U);
}

TEST_F(MediaVa, a_scaler_converts) {
    const SharedFrames& output = add_output(80, 48, kMapped, DRM_FORMAT_XRGB8888);
    Session session = open(MRDA_SESSION_SCALER).value();
    Yuv grey{160, 96, std::vector<std::uint8_t>(160 * 96 * 3 / 2, 126)};
    std::fill(grey.bytes.begin() + 160 * 96, grey.bytes.end(), 128);
    input_->put(0, grey);
    ASSERT_TRUE(session.send(0, 0, false).value());
    ASSERT_EQ(receive(session, 0).value(), Status::ok);
    for (std::size_t byte = 0; byte < 3; ++byte) {
        EXPECT_NEAR(std::to_integer<int>(output.bytes(0)[byte]), 128, 2);
    }
}

TEST_F(MediaVa, a_filter_without_parameters_changes_nothing) {
    add_output(160, 96);
    Session session = open(MRDA_SESSION_FILTER).value();
    EXPECT_EQ(made_of(session, moving_picture(160, 96, 7)), moving_picture(160, 96, 7));
}

TEST_F(MediaVa, a_filter_turns_clockwise_and_then_mirrors) {
    const Yuv picture = moving_picture(160, 96, 5);
    for (const std::uint32_t degrees : {0U, 90U, 180U, 270U}) {
        for (const char* const mirror : {"none", "horizontal", "vertical"}) {
            outputs_.clear();
            parameters_.clear();
            const bool sideways = degrees % 180 != 0;
            add_output(sideways ? 96 : 160, sideways ? 160 : 96);
            set("rotation", degrees);
            set("mirror", mirror);
            Session session = open(MRDA_SESSION_FILTER).value();
            EXPECT_EQ(made_of(session, picture), oriented(picture, degrees, mirror))
                << degrees << " " << mirror;
        }
    }
}

TEST_F(MediaVa, a_filter_sharpens_and_smooths) {
    Yuv step{160, 96, {}};
    for (std::size_t at = 0; at < std::size_t{160} * 96 * 3 / 2; ++at) {
        step.bytes.push_back(at < 160 * 96 && at % 160 >= 80 ? 140 : 100);
    }
    const auto height_of_step = [&](const char* name, std::int64_t strength) {
        outputs_.clear();
        parameters_.clear();
        add_output(160, 96);
        set(name, strength);
        Session session = open(MRDA_SESSION_FILTER).value();
        const Yuv made = made_of(session, step);
        return made.bytes[80] - made.bytes[79];
    };
    EXPECT_GT(height_of_step("sharpness", 100), height_of_step("sharpness", 50));
    EXPECT_GT(height_of_step("sharpness", 50), 40);
    EXPECT_EQ(height_of_step("sharpness", 0), 40);
    EXPECT_LT(height_of_step("denoise", 100), 40);
}

TEST_F(MediaVa, outputs_need_not_be_received_in_step_and_a_full_scaler_says_so) {
    add_output(80, 48);
    add_output(64, 64);
    Session session = open(MRDA_SESSION_SCALER).value();
    std::uint32_t sent = 0;
    while (session.send(sent, 10 * sent, false).value()) {
        ASSERT_EQ(receive(session, 0, sent % 2).value(), Status::ok);
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

TEST_F(MediaVa, an_end_is_the_end_and_a_reset_drops_what_is_inside_and_undoes_it) {
    add_output(80, 48);
    Session session = open(MRDA_SESSION_SCALER).value();
    ASSERT_TRUE(session.send(0, 0, false).value());
    ASSERT_TRUE(session.drain().ok());
    expect_error(session.send(1, 0, false), Errc::invalid_argument, "after the stream's end");
    ASSERT_TRUE(session.reset().ok());
    EXPECT_EQ(session.take_done(), std::nullopt);
    EXPECT_EQ(receive(session, 0).value(), Status::send_more);
    ASSERT_TRUE(session.send(0, 0, false).value());
    ASSERT_TRUE(session.drain().ok());
    EXPECT_EQ(receive(session, 0).value(), Status::ok);
    EXPECT_EQ(receive(session, 0).value(), Status::end_of_stream);
}

TEST_F(MediaVa, a_frame_in_a_buffer_of_no_pool_is_refused_and_nothing_is_lost) {
    add_output(80, 48);
    Session session = open(MRDA_SESSION_SCALER).value();
    ASSERT_TRUE(session.send(0, 7, false).value());
    const SharedFrames foreign(80, 48, 1);
    mrda_frame frame = foreign.frame(0);
    const auto refused = session.receive(0, kWaitNs, frame);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    ASSERT_EQ(receive(session, 0, 1).value(), Status::ok);
    EXPECT_EQ(frame_.pts, 7);
}

TEST_F(MediaVa, what_cannot_be_is_refused_by_name) {
    expect_error(open(MRDA_SESSION_SCALER), Errc::invalid_argument, "0 outputs, of 1 to 8");
    add_output(80, 48);
    expect_error(open(MRDA_SESSION_FILTER), Errc::invalid_argument,
                 "no 80x48 of 160x96; that is a scaler's work");
    path_ = "map";
    expect_error(open(MRDA_SESSION_SCALER), Errc::unsupported, "path \"map\"");
    path_ = "";
    set("mirror", "none");
    expect_error(open(MRDA_SESSION_SCALER), Errc::invalid_argument, "\"mirror\" is not known");
    outputs_.clear();
    parameters_.clear();
    add_output(160, 96);
    set("rotation", 90);
    expect_error(open(MRDA_SESSION_FILTER), Errc::invalid_argument, "of 160x96 on its side");
    parameters_.clear();
    set("sharpness", 101);
    expect_error(open(MRDA_SESSION_FILTER), Errc::invalid_argument, "\"sharpness\" is 101");
    parameters_.clear();
    set("brightness", 1);
    expect_error(open(MRDA_SESSION_FILTER), Errc::invalid_argument, "\"brightness\" is not known");
    add_output(160, 96);
    expect_error(open(MRDA_SESSION_FILTER), Errc::invalid_argument, "2 outputs, of 1 to 1");
}

}  // namespace
}  // namespace mrda::media
