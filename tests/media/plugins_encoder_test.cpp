// SPDX-License-Identifier: MIT
// What every encoder plugin does alike.
#include <drm_fourcc.h>

#include <optional>
#include <ostream>
#include <thread>

#include "media/plugins_fixture.h"

namespace mrda::media {
namespace {

struct Row {
    const char* plugin;
    const char* codec;
    std::uint32_t max_qp;
    std::uint64_t nv12_copied_bytes;  ///< Per frame of 160x96.
};
void PrintTo(const Row& row, std::ostream* out) {
    *out << row.plugin;
}

class MediaEncoder : public testing::TestWithParam<Row> {
  protected:
    void SetUp() override { MRDA_NEED_PLUGIN(GetParam().plugin); }

    mrda_session_config config() { return encoder_config(GetParam().codec, input_); }
    static Result<Session> open(const mrda_session_config& config) {
        return try_open(GetParam().plugin, MRDA_SESSION_ENCODER, config);
    }
    static std::vector<Decoded> decode_again(const std::vector<Packet>& packets) {
        Session decoder =
            try_open(GetParam().plugin, MRDA_SESSION_DECODER, decoder_config(GetParam().codec))
                .value();
        return decode(decoder, packets);
    }
    static void expect_good(const std::vector<Packet>& packets, std::size_t count) {
        ASSERT_EQ(packets.size(), count);
        const auto pictures = decode_again(packets);
        ASSERT_EQ(pictures.size(), count);
        for (std::size_t number = 0; number < count; ++number) {
            const auto signed_number = static_cast<std::int64_t>(number);
            EXPECT_EQ(packets[number].pts, signed_number * kTicksPerFrame);
            EXPECT_EQ(pictures[number].pts, signed_number * kTicksPerFrame);
            EXPECT_EQ(pictures[number].key_frame, packets[number].key_frame) << number;
            EXPECT_GT(psnr(pictures[number].picture, moving_picture(160, 96, signed_number)), 30)
                << number;
        }
    }

    Frames input_{DRM_FORMAT_YUV420, 160, 96, 2};
};

std::vector<std::size_t> keys_of(const std::vector<Packet>& packets) {
    std::vector<std::size_t> keys;
    for (std::size_t number = 0; number < packets.size(); ++number) {
        if (packets[number].key_frame) {
            keys.push_back(number);
        }
    }
    return keys;
}

TEST_P(MediaEncoder, what_it_codes_is_decoded_again_with_every_pts_in_order) {
    Session session = open(config()).value();
    expect_good(encode(session, input_, 24), 24);
    EXPECT_EQ(session.report().codec_copied_bytes, 0U);
    EXPECT_STREQ(session.report().path, "direct");
}

TEST_P(MediaEncoder, nv12_is_taken_and_what_is_converted_for_it_is_counted) {
    Frames pairs(DRM_FORMAT_NV12, 160, 96, 1);
    Session session = open(encoder_config(GetParam().codec, pairs)).value();
    expect_good(encode(session, pairs, 20), 20);
    EXPECT_EQ(session.report().codec_copied_bytes, 20 * GetParam().nv12_copied_bytes);
}

TEST_P(MediaEncoder, the_first_frame_is_a_key_frame_and_so_are_those_asked_for_and_no_others) {
    Session session = open(config()).value();
    const auto packets =
        encode(session, input_, 20, [](std::int64_t number) { return number == 7; });
    EXPECT_THAT(keys_of(packets), testing::ElementsAre(0, 7));
}

TEST_P(MediaEncoder, a_gop_size_makes_key_frames) {
    mrda_session_config wanted = config();
    wanted.codec.gop_size = 8;
    Session session = open(wanted).value();
    EXPECT_THAT(keys_of(encode(session, input_, 20)), testing::ElementsAre(0, 8, 16));
}

TEST_P(MediaEncoder, a_bit_rate_is_kept_roughly) {
    for (const std::uint32_t mode : {MRDA_RATE_VBR, MRDA_RATE_CBR}) {
        mrda_session_config wanted = config();
        wanted.codec.rate_control = mode;
        wanted.codec.bitrate_kbps = 300;
        Session session = open(wanted).value();
        std::size_t bytes = 0;
        for (const Packet& packet : encode(session, input_, 60)) {
            bytes += packet.bytes.size();
        }
        EXPECT_LT(bytes * 8, 2U * 2 * 300'000) << mode;
        EXPECT_GT(bytes, 1000U) << mode;
    }
}

TEST_P(MediaEncoder, a_picture_smaller_than_its_frames_is_their_upper_left) {
    Frames large(DRM_FORMAT_YUV420, 320, 192, 1);
    mrda_session_config wanted = encoder_config(GetParam().codec, large);
    Session session = open(wanted).value();
    ASSERT_TRUE(session.send(0, 0, false).value());
    const ReceivedPacket received = session.receive(0).value();
    ASSERT_EQ(received.status, Status::ok);
    const auto* const data = static_cast<const std::uint8_t*>(received.packet.data);
    const auto pictures = decode_again({{{data, data + received.packet.length_bytes}, 0, true}});
    ASSERT_EQ(pictures.size(), 1U);
    EXPECT_EQ(pictures[0].picture.width_px, 160U);
}

TEST_P(MediaEncoder, one_frame_is_taken_at_a_time_and_kept_until_its_packet_is_received) {
    Session session = open(config()).value();
    EXPECT_EQ(session.receive(0).value().status, Status::send_more);
    EXPECT_TRUE(session.send(0, 0, false).value());
    EXPECT_FALSE(session.send(1, kTicksPerFrame, false).value());
    EXPECT_EQ(session.take_done(), std::nullopt);
    EXPECT_EQ(session.receive(0).value().status, Status::ok);
    EXPECT_EQ(session.take_done(), 0U);
    EXPECT_EQ(session.take_done(), std::nullopt);
    EXPECT_TRUE(session.send(1, kTicksPerFrame, false).value());
}

TEST_P(MediaEncoder, an_end_with_nothing_sent_is_the_end_also_if_told_twice) {
    Session session = open(config()).value();
    ASSERT_TRUE(session.drain().ok());
    EXPECT_EQ(session.receive(0).value().status, Status::end_of_stream);
    ASSERT_TRUE(session.drain().ok());
    EXPECT_EQ(session.receive(0).value().status, Status::end_of_stream);
}

TEST_P(MediaEncoder, what_is_inside_still_comes_after_the_end) {
    Session session = open(config()).value();
    ASSERT_TRUE(session.send(0, 77, false).value());
    ASSERT_TRUE(session.drain().ok());
    const ReceivedPacket received = session.receive(0).value();
    EXPECT_EQ(received.status, Status::ok);
    EXPECT_EQ(received.packet.pts, 77);
    EXPECT_EQ(session.receive(0).value().status, Status::end_of_stream);
}

TEST_P(MediaEncoder, a_frame_after_the_end_is_refused_until_a_reset_and_then_is_a_key_frame) {
    Session session = open(config()).value();
    encode(session, input_, 5);
    expect_error(session.send(0, 0, false), Errc::invalid_argument, "after the stream's end");
    ASSERT_TRUE(session.reset().ok());
    expect_good(encode(session, input_, 20), 20);
}

TEST_P(MediaEncoder, a_reset_drops_what_is_inside) {
    Session session = open(config()).value();
    ASSERT_TRUE(session.send(0, 0, false).value());
    ASSERT_TRUE(session.reset().ok());
    EXPECT_EQ(session.take_done(), std::nullopt);
    EXPECT_EQ(session.receive(0).value().status, Status::send_more);
    expect_good(encode(session, input_, 20), 20);
}

TEST_P(MediaEncoder, sessions_in_several_threads_do_not_disturb_each_other) {
    std::vector<std::vector<Packet>> found(3);
    std::vector<std::thread> threads;
    threads.reserve(found.size());
    for (std::vector<Packet>& packets : found) {
        threads.emplace_back([&] {
            Frames input(DRM_FORMAT_NV12, 160, 96, 1);
            Session session = open(encoder_config(GetParam().codec, input)).value();
            packets = encode(session, input, 20);
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const std::vector<Packet>& packets : found) {
        expect_good(packets, 20);
    }
}

TEST_P(MediaEncoder, what_it_cannot_do_is_refused_by_name) {
    const auto expect_refused = [this](const std::function<void(mrda_session_config&)>& change,
                                       Errc code, const std::string& named) {
        mrda_session_config wanted = config();
        change(wanted);
        expect_error(open(wanted), code, named);
    };
    expect_refused([](auto& wanted) { wanted.codec.width_px = 161; }, Errc::invalid_argument,
                   "161x96");
    expect_refused([](auto& wanted) { wanted.codec.height_px = 20000; }, Errc::invalid_argument,
                   "160x20000");
    expect_refused([](auto& wanted) { wanted.codec.width_px = 320; }, Errc::invalid_argument,
                   "a picture of 320x96 in frames of 160x96");
    expect_refused([](auto& wanted) { wanted.input.buffer_count = 0; }, Errc::invalid_argument,
                   "no buffers");
    expect_refused([](auto& wanted) { wanted.codec.gop_ref_dist = 3; }, Errc::unsupported,
                   "B frames");
    expect_refused([](auto& wanted) { wanted.codec.fps_den = 0; }, Errc::invalid_argument, "30/0");
    expect_refused([](auto& wanted) { wanted.codec.qp = GetParam().max_qp + 1; },
                   Errc::invalid_argument, "QP " + std::to_string(GetParam().max_qp + 1));
    expect_refused([](auto& wanted) { wanted.codec.rate_control = 9; }, Errc::unsupported,
                   "rate control 9");
    expect_refused([](auto& wanted) { wanted.codec.rate_control = MRDA_RATE_CBR; },
                   Errc::invalid_argument, "a bit rate of 0");
    expect_refused([](auto& wanted) { copy_text(wanted.codec.profile, "best"); }, Errc::unsupported,
                   "profile \"best\"");
    expect_refused([](auto& wanted) { copy_text(wanted.path, "blit"); }, Errc::unsupported,
                   "path \"blit\"");
}

INSTANTIATE_TEST_SUITE_P(all, MediaEncoder,
                         testing::Values(Row{"openh264", "avc", 51, 160 * 96 * 3 / 2},
                                         Row{"vpx", "vp9", 63, 0}),
                         [](const auto& row) { return std::string(row.param.plugin); });

}  // namespace
}  // namespace mrda::media
