// SPDX-License-Identifier: MIT
// What every decoder plugin does alike.
#include <drm_fourcc.h>

#include <ostream>
#include <random>
#include <thread>

#include "media/plugins_fixture.h"

namespace mrda::media {
namespace {

struct Row {
    const char* plugin;
    const char* codec;
    const char* encoder;  ///< ffmpeg's arguments: key frames every 12, pictures out of order.
};
void PrintTo(const Row& row, std::ostream* out) {
    *out << row.plugin;
}

class MediaDecoder : public testing::TestWithParam<Row> {
  protected:
    void SetUp() override { MRDA_NEED_PLUGIN(GetParam().plugin); }

    static Session open(std::uint32_t drm_fourcc = DRM_FORMAT_YUV420) {
        mrda_session_config config = decoder_config(GetParam().codec);
        config.output_count = 1;
        config.outputs[0].layout.drm_fourcc = drm_fourcc;
        return try_open(GetParam().plugin, MRDA_SESSION_DECODER, config).value();
    }
    static Stream stream(const std::string& size = "160x96",
                         const std::string& format = "yuv420p") {
        return ffmpeg_stream(GetParam().encoder, size, format);
    }
    static void expect_good(const std::vector<Decoded>& pictures, const Stream& stream) {
        ASSERT_EQ(pictures.size(), stream.pictures.size());
        for (std::size_t number = 0; number < pictures.size(); ++number) {
            EXPECT_EQ(pictures[number].pts, static_cast<std::int64_t>(number) * kTicksPerFrame);
            EXPECT_GT(psnr(pictures[number].picture, stream.pictures[number]), 30) << number;
        }
    }
};

TEST_P(MediaDecoder, every_picture_comes_once_in_order_and_looks_as_it_did) {
    const Stream stream = MediaDecoder::stream();
    Session session = open();
    expect_good(decode(session, stream.packets), stream);
    const std::uint64_t picture_bytes = stream.pictures[0].bytes.size();
    EXPECT_EQ(session.report().codec_copied_bytes, stream.pictures.size() * picture_bytes);
}

TEST_P(MediaDecoder, frames_of_nv12_are_filled_as_those_of_i420) {
    const Stream stream = MediaDecoder::stream();
    Session planar = open();
    Session pairs = open(DRM_FORMAT_NV12);
    ASSERT_TRUE(pairs.send(stream.packets[0].view()).value());
    if (const auto layout = pairs.describe().value()) {
        EXPECT_EQ(layout->drm_fourcc, DRM_FORMAT_NV12);
    }
    ASSERT_TRUE(pairs.reset().ok());
    const auto expected = decode(planar, stream.packets);
    const auto found = decode(pairs, stream.packets);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t number = 0; number < found.size(); ++number) {
        EXPECT_EQ(found[number].picture, expected[number].picture) << number;
    }
}

TEST_P(MediaDecoder, key_frames_are_told_and_no_others) {
    const Stream stream = MediaDecoder::stream();
    Session session = open();
    const auto pictures = decode(session, stream.packets);
    ASSERT_EQ(pictures.size(), stream.packets.size());
    for (const Packet& packet : stream.packets) {
        const auto number = static_cast<std::size_t>(packet.pts / kTicksPerFrame);
        EXPECT_EQ(pictures[number].key_frame, packet.key_frame) << number;
    }
    EXPECT_TRUE(pictures[0].key_frame);
    EXPECT_TRUE(pictures[12].key_frame);
}

TEST_P(MediaDecoder, pts_may_be_anything_that_64_bits_hold) {
    Stream stream = MediaDecoder::stream();
    constexpr std::int64_t kFirst = -(std::int64_t{1} << 40);
    for (Packet& packet : stream.packets) {
        packet.pts += kFirst;
    }
    Session session = open();
    const auto pictures = decode(session, stream.packets);
    ASSERT_EQ(pictures.size(), stream.pictures.size());
    for (std::size_t number = 0; number < pictures.size(); ++number) {
        EXPECT_EQ(pictures[number].pts,
                  kFirst + static_cast<std::int64_t>(number) * kTicksPerFrame);
    }
}

TEST_P(MediaDecoder, no_packet_is_taken_while_a_picture_waits_and_none_is_lost) {
    const Stream stream = MediaDecoder::stream();
    Session session = open();
    std::vector<Decoded> pictures;
    bool refused = false;
    for (const Packet& packet : stream.packets) {
        while (!session.send(packet.view()).value()) {
            refused = true;
            ASSERT_EQ(receive_picture(session, pictures).value(), Status::ok);
        }
    }
    EXPECT_TRUE(refused);
    ASSERT_TRUE(session.drain().ok());
    while (receive_picture(session, pictures).value() == Status::ok) {
    }
    expect_good(pictures, stream);
}

TEST_P(MediaDecoder, an_end_with_nothing_sent_is_the_end_also_if_told_twice) {
    Session session = open();
    std::vector<Decoded> none;
    EXPECT_EQ(session.describe().value(), std::nullopt);
    EXPECT_EQ(receive_picture(session, none).value(), Status::send_more);
    ASSERT_TRUE(session.drain().ok());
    EXPECT_EQ(receive_picture(session, none).value(), Status::end_of_stream);
    ASSERT_TRUE(session.drain().ok());
    EXPECT_EQ(receive_picture(session, none).value(), Status::end_of_stream);
}

TEST_P(MediaDecoder, a_packet_after_the_end_is_refused_until_a_reset) {
    const Stream stream = MediaDecoder::stream();
    Session session = open();
    expect_good(decode(session, stream.packets), stream);
    expect_error(session.send(stream.packets[0].view()), Errc::invalid_argument,
                 "after the stream's end");
    ASSERT_TRUE(session.drain().ok());
    ASSERT_TRUE(session.reset().ok());
    expect_good(decode(session, stream.packets), stream);
}

TEST_P(MediaDecoder, a_reset_drops_what_is_inside) {
    const Stream stream = MediaDecoder::stream();
    Session session = open();
    std::vector<Decoded> pictures;
    for (std::size_t at = 0; at < 5; ++at) {
        ASSERT_TRUE(session.send(stream.packets[at].view()).value());
        while (at < 4 && receive_picture(session, pictures).value() == Status::ok) {
        }
    }
    ASSERT_TRUE(session.reset().ok());
    pictures.clear();
    EXPECT_EQ(receive_picture(session, pictures).value(), Status::send_more);
    expect_good(decode(session, stream.packets), stream);
}

TEST_P(MediaDecoder, a_frame_too_small_or_of_another_format_is_refused_and_the_picture_stays) {
    const Stream stream = MediaDecoder::stream();
    Session session = open();
    std::vector<Decoded> pictures;
    std::size_t sent = 0;
    while (!session.describe().value()) {
        ASSERT_TRUE(session.send(stream.packets[sent++].view()).value());
    }
    Frames small(DRM_FORMAT_NV12, 64, 64, 1);
    mrda_frame frame = small.frame(0);
    expect_error(session.receive(0, 0, frame), Errc::invalid_argument,
                 "a picture of 160x96 in a frame of 64x64");
    Frames other(DRM_FORMAT_P010, 160, 96, 1);
    frame = other.frame(0);
    expect_error(session.receive(0, 0, frame), Errc::unsupported, "I420 or NV12");
    EXPECT_EQ(receive_picture(session, pictures).value(), Status::ok);
    EXPECT_EQ(pictures[0].pts, 0);
}

TEST_P(MediaDecoder, another_size_in_mid_stream_is_described_before_its_first_picture) {
    Stream both = MediaDecoder::stream();
    const auto first_count = static_cast<std::int64_t>(both.pictures.size());
    const Stream second = MediaDecoder::stream("224x128");
    for (Packet packet : second.packets) {
        packet.pts += first_count * kTicksPerFrame;
        both.packets.push_back(packet);
    }
    both.pictures.insert(both.pictures.end(), second.pictures.begin(), second.pictures.end());
    Session session = open();
    expect_good(decode(session, both.packets), both);
}

TEST_P(MediaDecoder, a_stream_of_ten_bits_is_refused_by_name) {
    const Stream stream = MediaDecoder::stream("160x96", "yuv420p10le");
    Session session = open();
    std::vector<Decoded> pictures;
    std::size_t refused = 0;
    for (const Packet& packet : stream.packets) {
        const auto sent = session.send(packet.view());
        refused += sent.ok() ? 0 : 1;
        const auto received = receive_picture(session, pictures);
        refused += received.ok() ? 0 : 1;
    }
    EXPECT_TRUE(pictures.empty());
    EXPECT_GT(refused, 0U);
}

TEST_P(MediaDecoder, an_empty_packet_is_corrupt_and_the_session_lives_on) {
    const Stream stream = MediaDecoder::stream();
    Session session = open();
    expect_error(session.send(Packet{}.view()), Errc::corrupt, "0 bytes");
    expect_good(decode(session, stream.packets), stream);
}

/// Sends what may be damaged, and takes what comes; gives how many packets were called corrupt.
std::size_t feed(Session& session, const std::vector<Packet>& packets) {
    std::size_t corrupt = 0;
    std::vector<Decoded> pictures;
    const auto note = [&](const Error& error) {
        EXPECT_TRUE(error.code == Errc::corrupt || error.code == Errc::unsupported)
            << to_string(error);
        corrupt += error.code == Errc::corrupt ? 1 : 0;
    };
    for (const Packet& packet : packets) {
        const auto sent = session.send(packet.view());
        if (!sent.ok()) {
            note(sent.error());
        }
        for (bool more = true; more;) {
            const auto received = receive_picture(session, pictures);
            if (!received.ok()) {
                note(received.error());
            }
            more = received.ok() && *received == Status::ok;
        }
        pictures.clear();
    }
    return corrupt;
}

TEST_P(MediaDecoder, random_packets_are_corrupt_and_harm_nothing) {
    std::mt19937 random(1);
    std::vector<Packet> packets(300);
    for (Packet& packet : packets) {
        packet.bytes.resize(1 + random() % 2000);
        for (std::uint8_t& byte : packet.bytes) {
            byte = static_cast<std::uint8_t>(random());
        }
    }
    Session session = open();
    EXPECT_GT(feed(session, packets), 100U);
    const Stream stream = MediaDecoder::stream();
    ASSERT_TRUE(session.reset().ok());
    expect_good(decode(session, stream.packets), stream);
}

TEST_P(MediaDecoder, damaged_packets_of_a_stream_harm_nothing) {
    const Stream stream = MediaDecoder::stream();
    std::mt19937 random(2);
    Session session = open();
    std::size_t corrupt = 0;
    for (int round = 0; round < 30; ++round) {
        std::vector<Packet> packets = stream.packets;
        for (Packet& packet : packets) {
            const std::size_t at = random() % packet.bytes.size();
            switch (random() % 4) {
                case 0:
                    packet.bytes.resize(at + 1);
                    break;
                case 1:
                    packet.bytes[at] = static_cast<std::uint8_t>(random());
                    break;
                case 2:
                    packet.bytes[at % 40 % packet.bytes.size()] ^= 1U << (random() % 8);
                    break;
                default:
                    break;
            }
        }
        corrupt += feed(session, packets);
    }
    EXPECT_GT(corrupt, 10U);
    ASSERT_TRUE(session.reset().ok());
    expect_good(decode(session, stream.packets), stream);
}

TEST_P(MediaDecoder, sessions_in_several_threads_do_not_disturb_each_other) {
    const Stream stream = MediaDecoder::stream();
    std::vector<std::vector<Decoded>> found(3);
    std::vector<std::thread> threads;
    threads.reserve(found.size());
    for (std::vector<Decoded>& pictures : found) {
        threads.emplace_back([&] {
            Session session = open();
            pictures = decode(session, stream.packets);
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const std::vector<Decoded>& pictures : found) {
        expect_good(pictures, stream);
    }
}

/// Of codecs whose pictures can be odd.
class MediaOddDecoder : public MediaDecoder {};

TEST_P(MediaOddDecoder, a_picture_of_odd_size_comes_in_an_even_frame_with_its_edge_doubled) {
    const Stream stream = MediaDecoder::stream("161x97");
    Session session = open();
    const auto pictures = decode(session, stream.packets);
    ASSERT_EQ(pictures.size(), stream.pictures.size());
    const Yuv& found = pictures.back().picture;
    ASSERT_EQ(found.width_px, 162U);
    ASSERT_EQ(found.height_px, 98U);
    Yuv luma{161, 97, {}};
    for (std::size_t y = 0; y < 97; ++y) {
        const auto row = found.bytes.begin() + static_cast<std::ptrdiff_t>(162 * y);
        luma.bytes.insert(luma.bytes.end(), row, row + 161);
        EXPECT_EQ(row[161], row[160]);
    }
    Yuv expected = stream.pictures.back();
    expected.bytes.resize(luma.bytes.size());
    EXPECT_GT(psnr(luma, expected), 30);
}

// VP9's uncompressed header of a key frame: marker, profile 0, sync code, 8 bits of BT.601, size.
TEST(MediaVpxDecoder, a_picture_beyond_16384_is_refused_by_name) {
    MRDA_NEED_PLUGIN("vpx");
    Session session = try_open("vpx", MRDA_SESSION_DECODER, decoder_config("vp9")).value();
    Packet packet;
    // 65536x16: 16 bits each of width - 1 and height - 1, behind four bits of colour.
    packet.bytes = {0x82, 0x49, 0x83, 0x42, 0x2f, 0xff, 0xf0, 0x00, 0xf0, 0, 0, 0, 0, 0, 0, 0};
    expect_error(session.send(packet.view()), Errc::unsupported, "65536x16");
}

const Row kRows[] = {
    {"openh264", "avc", "-c:v libx264 -g 12 -sc_threshold 0 -bf 2 -crf 20"},
    {"de265", "hevc",
     "-c:v libx265 -x265-params "
     "log-level=none:keyint=12:min-keyint=12:scenecut=0:open-gop=0:bframes=2:crf=20"},
    {"dav1d", "av1", "-c:v libaom-av1 -cpu-used 8 -g 12 -crf 20"},
    {"vpx", "vp9",
     "-c:v libvpx-vp9 -g 12 -cpu-used 8 -deadline realtime -crf 20 -b:v 0 -auto-alt-ref 1 "
     "-lag-in-frames 8"},
};
std::string name_of(const testing::TestParamInfo<Row>& row) {
    return row.param.plugin;
}

INSTANTIATE_TEST_SUITE_P(all, MediaDecoder, testing::ValuesIn(kRows), name_of);
INSTANTIATE_TEST_SUITE_P(all, MediaOddDecoder, testing::Values(kRows[2], kRows[3]), name_of);

}  // namespace
}  // namespace mrda::media
