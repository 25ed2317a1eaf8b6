// SPDX-License-Identifier: MIT
#include "mrda/media/stage.h"

#include <cstring>

#include "stages_fixture.h"

namespace mrda::media {
namespace {

class MediaStage : public testing::Test {
  protected:
    std::shared_ptr<Stage> open(StageProperties properties) {
        auto stage = Stage::open(*context_, properties);
        EXPECT_TRUE(stage.ok()) << to_string(stage.error());
        return *stage;
    }
    std::shared_ptr<Stage> keeping(std::int64_t keep, std::int32_t bank = 1) {
        StageProperties properties = encoder_of("device-only", "side");
        properties.input = nv12(64, 32);
        properties.bank = bank;
        properties.parameters = {{"keep", keep}};
        return open(std::move(properties));
    }

    const std::shared_ptr<Context> context_ = context_with({});
};

TEST_F(MediaStage, takes_device_only_frames_of_its_pool_in_place) {
    const auto stage = keeping(0);
    const auto frame = stage->input_frame();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->buffer->view().pages, nullptr);
    Frame sent = *frame;
    sent.pts = 42;
    ASSERT_TRUE(stage->send(sent).value());
    const auto received = stage->receive_data(0).value();
    ASSERT_EQ(received.status, Status::ok);
    EXPECT_EQ(received.data.pts, 42);
    EXPECT_EQ(stage->receive_data(0)->status, Status::send_more);
    EXPECT_EQ(stage->report().copied_bytes, 0U);
    EXPECT_TRUE(stage->report().hand_over.in_place);
}

TEST_F(MediaStage, keeps_a_frame_until_the_session_has_read_it) {
    const auto stage = keeping(1);
    auto frame = stage->input_frame();
    ASSERT_TRUE(stage->send(*frame).value());
    expect_error(stage->send(*frame), Errc::busy, "still reads it");
    frame.reset();
    std::vector<Frame> others;
    while (auto other = stage->input_frame()) {
        others.push_back(*other);
    }
    EXPECT_EQ(others.size(), 3U);
    ASSERT_TRUE(stage->send(others.back()).value());
    EXPECT_EQ(stage->receive_data(0)->status, Status::ok);
    EXPECT_TRUE(stage->input_frame().has_value());
}

TEST_F(MediaStage, hands_on_side_data) {
    const auto stage = keeping(0);
    Frame frame = stage->input_frame().value();
    const mrda_side_parameters wanted{4000, 0};
    const auto bytes = std::as_bytes(std::span(&wanted, 1));
    frame.side_data = std::make_shared<const std::vector<SideData>>(std::vector<SideData>{
        {MRDA_SIDE_PARAMETERS, {bytes.begin(), bytes.end()}}, {MRDA_SIDE_CUSTOM, {std::byte{9}}}});
    ASSERT_TRUE(stage->send(frame).value());
    const Data data = stage->receive_data(0)->data;
    ASSERT_EQ(data.length_bytes, 2 * sizeof(std::uint32_t) + sizeof wanted + 1);
    std::vector<std::byte> seen(data.length_bytes);
    ASSERT_TRUE(data.buffer->read(0, seen).ok());
    EXPECT_EQ(std::memcmp(seen.data() + 4, &wanted, sizeof wanted), 0);
    EXPECT_EQ(seen.back(), std::byte{9});
}

TEST_F(MediaStage, copies_a_frame_of_its_bank_that_is_none_of_its_pool_and_counts_that) {
    const auto stage = keeping(0);
    const Frame foreign =
        frame_of(context_->devices()[0]->allocate(1, 1 << 14).value(), nv12(64, 32)).value();
    ASSERT_TRUE(stage->send(foreign).value());
    EXPECT_EQ(stage->receive_data(0)->status, Status::ok);
    EXPECT_EQ(stage->report().copied_bytes, 64U * 48U);
}

TEST_F(MediaStage, copies_a_frame_once_however_often_the_session_is_full) {
    StageProperties properties = transform_of(MRDA_SESSION_FILTER, "device-only", nv12(64, 32));
    properties.input = nv12(64, 32);
    properties.bank = 1;
    const auto stage = open(properties);
    ASSERT_TRUE(stage->send(stage->input_frame().value()).value());
    const Frame foreign =
        frame_of(context_->devices()[0]->allocate(1, 1 << 14).value(), nv12(64, 32)).value();
    for (int attempt = 0; attempt < 5; ++attempt) {
        EXPECT_FALSE(stage->send(foreign).value());
    }
    ASSERT_EQ(stage->receive_frame(0, kLong)->status, Status::ok);
    EXPECT_TRUE(stage->send(foreign).value());
    EXPECT_EQ(stage->report().copied_bytes, 64U * 48U);
}

TEST_F(MediaStage, hands_side_data_on_to_the_frame_that_it_gives) {
    StageProperties properties = transform_of(MRDA_SESSION_FILTER, "device-only", nv12(64, 32));
    properties.input = nv12(64, 32);
    properties.bank = 1;
    const auto stage = open(properties);
    Frame frame = stage->input_frame().value();
    frame.pts = 9;
    frame.side_data = std::make_shared<const std::vector<SideData>>(
        std::vector<SideData>{{MRDA_SIDE_HDR, {std::byte{1}}}});
    ASSERT_TRUE(stage->send(frame).value());
    const Frame given = stage->receive_frame(0, kLong)->frame;
    ASSERT_NE(given.side_data, nullptr);
    EXPECT_EQ(given.side_data->at(0).kind, std::uint32_t{MRDA_SIDE_HDR});
    ASSERT_TRUE(stage->send(stage->input_frame().value()).value());
    EXPECT_EQ(stage->receive_frame(0, kLong)->frame.side_data, nullptr);
}

TEST_F(MediaStage, refuses_a_frame_of_its_pool_that_was_given_another_layout) {
    const auto stage = keeping(0);
    Frame frame = stage->input_frame().value();
    frame.layout.planes[1].offset_bytes += 64;
    expect_error(stage->send(frame), Errc::invalid_argument, "another layout");
}

TEST_F(MediaStage, has_no_upstream_that_has_no_such_output) {
    StageProperties filter = transform_of(MRDA_SESSION_FILTER, "device-only", nv12(64, 32));
    filter.input = nv12(64, 32);
    StageProperties encoder = encoder_of("device-only", "side");
    encoder.upstream = open(filter);
    encoder.upstream_output = 7;
    expect_error(Stage::open(*context_, encoder), Errc::invalid_argument,
                 "output 7 of an upstream");
}

TEST_F(MediaStage, refuses_a_frame_of_another_bank_or_device_or_layout) {
    const auto stage = keeping(0);
    const Frame mapped =
        frame_of(context_->devices()[0]->allocate(0, 1 << 14).value(), nv12(64, 32)).value();
    expect_error(
        stage->send(mapped), Errc::invalid_argument,
        "a frame in bank 0 of device 0 was sent to a session that has its frames in bank 1");
    const auto other = make_host_device(5);
    const Frame far = frame_of(other->allocate(1, 1 << 14).value(), nv12(64, 32)).value();
    expect_error(stage->send(far), Errc::invalid_argument, "bank 1 of device 5");
    const Frame narrow =
        frame_of(context_->devices()[0]->allocate(1, 1 << 14).value(), nv12(32, 32)).value();
    expect_error(stage->send(narrow), Errc::invalid_argument, "is not copied into");
    EXPECT_EQ(stage->report().frames_sent, 0U);
}

TEST_F(MediaStage, takes_nothing_after_the_end_of_the_stream) {
    const auto stage = keeping(5);
    ASSERT_TRUE(stage->send(stage->input_frame().value()).value());
    ASSERT_TRUE(stage->drain().ok());
    expect_error(stage->send(stage->input_frame().value()), Errc::invalid_argument,
                 "after the end of the stream");
    EXPECT_EQ(stage->receive_data(0)->status, Status::ok);
    EXPECT_EQ(stage->receive_data(0)->status, Status::end_of_stream);
}

TEST_F(MediaStage, says_what_it_needs) {
    StageProperties no_input = encoder_of("device-only", "side");
    expect_error(Stage::open(*context_, no_input), Errc::invalid_argument, "layout of its input");
    no_input.input = nv12(64, 32);
    no_input.bank = 7;
    expect_error(Stage::open(*context_, no_input), Errc::invalid_argument, "bank 7 of host");
    no_input.bank = -1;
    no_input.device = 3;
    expect_error(Stage::open(*context_, no_input), Errc::invalid_argument, "device 3 of 1");
    no_input.device = -1;
    no_input.unit_name = "add";
    expect_error(Stage::open(*context_, no_input), Errc::not_found, "no unit \"add\"");
    const auto stage = keeping(0);
    expect_error(stage->send(data_of(std::span<const std::byte>())), Errc::invalid_argument,
                 "takes frames");
    expect_error(stage->receive_frame(0, 0), Errc::invalid_argument, "output 0 of 0");
}

TEST_F(MediaStage, reads_no_data_beyond_its_buffer_and_has_no_downstream_before_its_stream) {
    StageProperties decoder;
    decoder.type = MRDA_SESSION_DECODER;
    decoder.plugin = "openh264";
    copy_text(decoder.codec.codec, "avc");
    if (!context_->plugin(decoder.plugin).ok()) {
        GTEST_SKIP() << "built without openh264";
    }
    const auto stage = open(decoder);
    Data beyond = data_of(std::vector<std::byte>(64));
    beyond.offset_bytes = 1 << 20;
    expect_error(stage->send(beyond), Errc::invalid_argument, "of a buffer of 64");
    StageProperties encoder = encoder_of("copy", "copy");
    encoder.upstream = stage;
    expect_error(Stage::open(*context_, encoder), Errc::busy, "does not know yet");
}

class MediaStagesWithYuv : public MediaStage {
  protected:
    void SetUp() override {
        if (!context_->plugin("yuv").ok()) {
            GTEST_SKIP() << "built without libyuv";
        }
    }
};

TEST_F(MediaStagesWithYuv, a_scaler_gives_several_outputs_of_one_frame) {
    StageProperties properties = transform_of(MRDA_SESSION_SCALER, "yuv", nv12(32, 16));
    properties.outputs.push_back(nv12(16, 16));
    properties.input = nv12(64, 32);
    const auto stage = open(properties);
    Frame frame = stage->input_frame().value();
    fill(frame, 77);
    frame.pts = 5;
    ASSERT_TRUE(stage->send(frame).value());
    for (std::uint32_t output = 0; output < 2; ++output) {
        const auto received = stage->receive_frame(output, kLong).value();
        ASSERT_EQ(received.status, Status::ok);
        EXPECT_EQ(received.frame.pts, 5);
        EXPECT_EQ(first_byte_of(received.frame), 77);
        EXPECT_EQ(received.frame.layout.width_px, output == 0 ? 32U : 16U);
    }
    EXPECT_EQ(stage->receive_frame(1, 0)->status, Status::send_more);
}

TEST_F(MediaStagesWithYuv, tries_again_when_all_frames_of_an_output_are_in_use) {
    StageProperties properties = transform_of(MRDA_SESSION_FILTER, "yuv", nv12(64, 32));
    properties.input = nv12(64, 32);
    properties.frames = 1;
    const auto stage = open(properties);
    ASSERT_TRUE(stage->send(stage->input_frame().value()).value());
    auto first = stage->receive_frame(0, kLong).value();
    ASSERT_EQ(first.status, Status::ok);
    ASSERT_TRUE(stage->send(stage->input_frame().value()).value());
    EXPECT_FALSE(stage->has_free_frame(0));
    EXPECT_EQ(stage->receive_frame(0, kLong)->status, Status::try_again);
    first.frame = {};
    EXPECT_TRUE(stage->has_free_frame(0));
    EXPECT_EQ(stage->receive_frame(0, kLong)->status, Status::ok);
}

TEST_F(MediaStagesWithYuv, the_next_stage_takes_frames_in_place_where_it_works_with_their_memory) {
    StageProperties filter = transform_of(MRDA_SESSION_FILTER, "yuv", nv12(64, 32));
    filter.input = nv12(64, 32);
    const auto first = open(filter);
    StageProperties encoder = encoder_of("copy", "copy");
    encoder.upstream = first;
    const auto second = open(encoder);
    EXPECT_TRUE(second->report().hand_over.in_place);
    Frame frame = first->input_frame().value();
    fill(frame, 3);
    ASSERT_TRUE(first->send(frame).value());
    const Frame between = first->receive_frame(0, kLong)->frame;
    ASSERT_TRUE(second->send(between).value());
    const Data token = second->receive_data(0)->data;
    std::array<std::uint64_t, 2> words{};
    ASSERT_TRUE(token.buffer->read(0, std::as_writable_bytes(std::span(words))).ok());
    EXPECT_EQ(words[1], 0x0303030303030303U);
    EXPECT_EQ(second->report().copied_bytes, 0U);
}

TEST_F(MediaStage, the_next_stage_copies_once_where_it_cannot_reach_the_frames_and_says_why) {
    StageProperties filter = transform_of(MRDA_SESSION_FILTER, "device-only", nv12(64, 32));
    filter.input = nv12(64, 32);
    filter.bank = 1;
    const auto first = open(filter);
    StageProperties with_pages = encoder_of("sample-encoder", "sum");
    with_pages.upstream = first;
    with_pages.codec.width_px = 64;
    with_pages.codec.height_px = 32;
    const auto second = open(with_pages);
    EXPECT_EQ(second->bank(), 0U);
    EXPECT_FALSE(second->report().hand_over.in_place);
    EXPECT_EQ(second->report().hand_over.reason,
              "the sender's frames lie in bank 1, which offers memory 6; the receiver works with 1 "
              "(1 pages, 2 object, 4 device address)");
    ASSERT_TRUE(first->send(first->input_frame().value()).value());
    ASSERT_TRUE(second->send(first->receive_frame(0, kLong)->frame).value());
    EXPECT_EQ(second->report().copied_bytes, 64U * 48U);
}

}  // namespace
}  // namespace mrda::media
