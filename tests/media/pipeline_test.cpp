// SPDX-License-Identifier: MIT
#include "mrda/media/pipeline.h"

#include "stages_fixture.h"

namespace mrda::media {
namespace {

class MediaPipeline : public testing::Test {
  protected:
    StageProperties filter() {
        StageProperties properties = transform_of(MRDA_SESSION_FILTER, "device-only", nv12(64, 32));
        properties.input = nv12(64, 32);
        return properties;
    }
    StageProperties encoder(std::int64_t keep = 0) {
        StageProperties properties = encoder_of("device-only", "side");
        properties.parameters = {{"keep", keep}};
        return properties;
    }
    std::unique_ptr<Pipeline> open(std::vector<StageProperties> stages) {
        auto pipeline = Pipeline::open(*context_, std::move(stages));
        EXPECT_TRUE(pipeline.ok()) << to_string(pipeline.error());
        return std::move(*pipeline);
    }
    /// Sends `count` frames and receives what comes; the times of what came.
    std::vector<std::int64_t> run(Pipeline& pipeline, std::int64_t count) {
        std::vector<std::int64_t> times;
        std::int64_t sent = 0;
        for (;;) {
            if (sent < count) {
                if (auto frame = pipeline.input_frame()) {
                    frame->pts = sent;
                    const auto taken = pipeline.send(*frame);
                    EXPECT_TRUE(taken.ok()) << to_string(taken.error());
                    sent += *taken ? 1 : 0;
                }
                if (sent == count) {
                    EXPECT_TRUE(pipeline.drain().ok());
                }
            }
            const auto received = pipeline.receive(0);
            if (!received.ok()) {
                ADD_FAILURE() << to_string(received.error());
                return times;
            }
            if (received->status == Status::ok) {
                times.push_back(received->data.pts);
            } else if (received->status == Status::end_of_stream) {
                return times;
            }
        }
    }

    const std::shared_ptr<Context> context_ = context_with({});
};

TEST_F(MediaPipeline, hands_device_only_frames_from_stage_to_stage_in_place) {
    const auto pipeline = open({filter(), filter(), encoder()});
    EXPECT_EQ(pipeline->reservation().bank(), 1U);
    EXPECT_TRUE(pipeline->reservation().shares_memory());
    EXPECT_EQ(run(*pipeline, 20).size(), 20U);
    EXPECT_EQ(pipeline->copied_bytes(), 0U);
    const auto reports = pipeline->reports();
    ASSERT_EQ(reports.size(), 3U);
    for (const StageReport& report : reports) {
        EXPECT_TRUE(report.hand_over.in_place) << report.hand_over.reason;
        EXPECT_EQ(report.frames_sent, 20U);
        EXPECT_GT(report.busy_ns, 0U);
    }
}

TEST_F(MediaPipeline, loses_and_reorders_nothing) {
    const auto pipeline = open({filter(), encoder(2)});
    const auto times = run(*pipeline, 50);
    ASSERT_EQ(times.size(), 50U);
    for (std::size_t index = 0; index < times.size(); ++index) {
        EXPECT_EQ(times[index], static_cast<std::int64_t>(index));
    }
}

TEST_F(MediaPipeline, says_which_stage_has_too_few_frames_in_place_of_waiting_for_ever) {
    const auto pipeline = open({filter(), encoder(10)});
    for (std::int64_t sent = 0; sent < 20; ++sent) {
        auto frame = pipeline->input_frame();
        if (frame) {
            ASSERT_TRUE(pipeline->send(*frame).ok());
        }
        const auto received = pipeline->receive(kLong);
        if (!received.ok()) {
            expect_error(received, Errc::exhausted, "more frames");
            return;
        }
    }
    FAIL() << "nothing was said";
}

TEST_F(MediaPipeline, tries_again_at_once_where_the_application_has_all_frames) {
    const auto pipeline = open({filter(), filter()});
    std::vector<Frame> held;
    for (std::int64_t sent = 0; sent < 100; ++sent) {
        if (auto frame = pipeline->input_frame()) {
            ASSERT_TRUE(pipeline->send(*frame).ok());
        }
        auto received = pipeline->receive(kLong).value();
        if (received.status != Status::ok) {
            EXPECT_EQ(received.status, Status::try_again);
            EXPECT_EQ(held.size(), 4U);
            held.pop_back();
            EXPECT_EQ(pipeline->receive(kLong)->status, Status::ok);
            return;
        }
        held.push_back(std::move(received.frame));
    }
    FAIL() << "there was always another frame";
}

TEST_F(MediaPipeline, traces_each_call_of_each_stage) {
    const auto pipeline = open({filter(), encoder()});
    std::vector<TraceEvent> events;
    pipeline->trace([&](const TraceEvent& event) { events.push_back(event); });
    EXPECT_EQ(run(*pipeline, 3).size(), 3U);
    ASSERT_EQ(events.size(), 3U * 4U);  // Sent to and received from two stages.
    for (const TraceEvent& event : events) {
        EXPECT_LE(event.begin_ns, event.end_ns);
        EXPECT_LT(event.stage, 2U);
    }
}

TEST_F(MediaPipeline, wants_decoders_first_and_encoders_last) {
    expect_error(Pipeline::open(*context_, {}), Errc::invalid_argument, "no stages");
    expect_error(Pipeline::open(*context_, {encoder(), filter()}), Errc::invalid_argument,
                 "encoder as stage 0 of 2");
    StageProperties scaler = filter();
    scaler.outputs.push_back(nv12(32, 16));
    expect_error(Pipeline::open(*context_, {scaler}), Errc::invalid_argument, "one output");
    StageProperties kernel;
    kernel.type = MRDA_SESSION_KERNEL;
    expect_error(Pipeline::open(*context_, {kernel}), Errc::invalid_argument, "kernels not at all");
}

/// What an AVC encoder makes of `count` grey frames.
std::vector<Data> encoded(Context& context, std::int64_t count) {
    StageProperties properties = encoder_of("openh264", "avc");
    properties.codec.width_px = 64;
    properties.codec.height_px = 32;
    properties.codec.fps_num = 30;
    properties.codec.fps_den = 1;
    properties.codec.qp = 28;
    properties.input = FrameLayout::linear(DRM_FORMAT_YUV420, 64, 32).value();
    const auto encoder = Stage::open(context, properties).value();
    std::vector<Data> packets;
    for (std::int64_t number = 0; number < count; ++number) {
        Frame frame = encoder->input_frame().value();
        fill(frame, 128);
        frame.pts = number;
        EXPECT_TRUE(encoder->send(frame).value());
        auto received = encoder->receive_data(kLong).value();
        EXPECT_EQ(received.status, Status::ok);
        packets.push_back(std::move(received.data));
    }
    return packets;
}

TEST_F(MediaPipeline, opens_what_stands_behind_a_decoder_when_the_stream_has_said_its_size) {
    if (!context_->plugin("openh264").ok() || !context_->plugin("yuv").ok()) {
        GTEST_SKIP() << "built without openh264 or libyuv";
    }
    StageProperties decoder;
    decoder.type = MRDA_SESSION_DECODER;
    decoder.plugin = "openh264";
    copy_text(decoder.codec.codec, "avc");
    decoder.outputs = {nv12(64, 32)};
    const auto pipeline = open({decoder, transform_of(MRDA_SESSION_SCALER, "yuv", nv12(32, 16))});
    std::int64_t came = 0;
    const auto take = [&](Status expected) {
        for (;;) {
            const auto received = pipeline->receive(kLong).value();
            if (received.status != Status::ok) {
                EXPECT_EQ(received.status, expected);
                return;
            }
            EXPECT_EQ(received.frame.pts, came++);
            EXPECT_EQ(received.frame.layout.width_px, 32U);
            EXPECT_NEAR(first_byte_of(received.frame), 128, 4);
        }
    };
    for (const Data& data : encoded(*context_, 6)) {
        ASSERT_TRUE(pipeline->send(data).value());
        take(Status::send_more);
    }
    ASSERT_TRUE(pipeline->drain().ok());
    take(Status::end_of_stream);
    EXPECT_EQ(came, 6);
    EXPECT_EQ(pipeline->copied_bytes(), 0U);
    EXPECT_TRUE(pipeline->reports()[1].hand_over.in_place);
}

TEST_F(MediaPipeline, copies_where_no_bank_suits_all_and_the_reservation_says_so) {
    StageProperties pages_only = transform_of(MRDA_SESSION_FILTER, "sample-filter", nv12(64, 32));
    pages_only.input = nv12(64, 32);
    auto pipeline = Pipeline::open(*context_, {filter(), pages_only, encoder()}, -1, 1);
    // In bank 1 the filter with pages cannot work at all.
    expect_error(pipeline, Errc::invalid_argument, "works with 1");
    auto suited = Pipeline::open(*context_, {filter(), pages_only, encoder()});
    ASSERT_TRUE(suited.ok()) << to_string(suited.error());
    EXPECT_EQ((*suited)->reservation().bank(), 0U);
    EXPECT_EQ(run(**suited, 5).size(), 5U);
    EXPECT_EQ((*suited)->copied_bytes(), 0U);
}

}  // namespace
}  // namespace mrda::media
