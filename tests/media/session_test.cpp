// SPDX-License-Identifier: MIT
#include "mrda/media/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <drm_fourcc.h>

#include <array>
#include <cstring>
#include <vector>

#include "mrda/media/layout.h"

namespace mrda::media {
namespace {

using testing::HasSubstr;
constexpr std::uint64_t kBufferBytes = 4096;

/// Three buffers in this process's own memory, for frames of 16x16 NV12.
struct Input {
    Input() {
        config.size_bytes = sizeof config;
        copy_text(config.codec.codec, "copy");
        for (std::size_t index = 0; index < buffers.size(); ++index) {
            buffers[index].size_bytes = sizeof(mrda_buffer);
            buffers[index].memory = MRDA_MEMORY_PAGES;
            buffers[index].length_bytes = kBufferBytes;
            buffers[index].pages = memory.data() + index * kBufferBytes;
            buffers[index].fd = -1;
            list[index] = &buffers[index];
        }
        config.input.buffers = list.data();
        config.input.buffer_count = static_cast<std::uint32_t>(list.size());
        config.input.layout = to_media(FrameLayout::linear(DRM_FORMAT_NV12, 16, 16).value());
    }
    void write(std::uint32_t index, std::uint64_t value) {
        std::memcpy(memory.data() + index * kBufferBytes, &value, sizeof value);
    }

    alignas(64) std::array<std::byte, 3 * kBufferBytes> memory{};
    std::array<mrda_buffer, 3> buffers{};
    std::array<const mrda_buffer*, 3> list{};
    mrda_session_config config{};
};

Result<Session> try_open(const char* directory, const char* name, const Input& input,
                         mrda_session_type type = MRDA_SESSION_ENCODER) {
    return Session::open(LoadedPlugin::load(directory, name).value(), type, input.config);
}

Session open(const char* directory, const char* name, const Input& input) {
    return try_open(directory, name, input).value();
}

template <typename T>
void expect_error(const Result<T>& done, Errc code, const std::string& named) {
    ASSERT_FALSE(done.ok()) << named;
    EXPECT_EQ(done.error().code, code) << done.error().message;
    EXPECT_THAT(done.error().message, HasSubstr(named));
}

TEST(MediaSession, a_codec_or_type_that_the_plugin_has_not_is_refused_naming_those_it_has) {
    Input input;
    copy_text(input.config.codec.codec, "avc");
    expect_error(try_open(MRDA_PLUGIN_DIR, "copy", input), Errc::unsupported,
                 "codec \"avc\" asked of plugin copy, whose encoder has copy");
    expect_error(try_open(MRDA_PLUGIN_DIR, "copy", input, MRDA_SESSION_SCALER), Errc::unsupported,
                 "plugin copy has no scaler");
}

TEST(MediaSession, memory_that_the_plugin_cannot_reach_is_refused_naming_both) {
    Input input;
    input.buffers[2].memory = 0;
    expect_error(try_open(MRDA_PLUGIN_DIR, "copy", input), Errc::invalid_argument,
                 "input buffer 2 offers memory 0, and the session works with 7");
}

TEST(MediaSession, a_buffer_too_small_for_its_frame_is_refused_naming_both) {
    Input input;
    input.buffers[1].length_bytes = 100;
    expect_error(try_open(MRDA_PLUGIN_DIR, "copy", input), Errc::invalid_argument, "100");
}

TEST(MediaSession, a_format_that_the_plugin_does_not_list_is_refused_naming_those_it_has) {
    Input input;
    expect_error(try_open(MRDA_BROKEN_PLUGIN_DIR, "other-format", input), Errc::unsupported,
                 "frames of NV12 asked of a session that takes XR24");
}

TEST(MediaSession, planes_that_overlap_or_too_many_are_refused) {
    Input input;
    input.config.input.layout.planes[1].offset_bytes = 0;
    expect_error(try_open(MRDA_PLUGIN_DIR, "copy", input), Errc::invalid_argument, "overlap");
    input.config.input.layout.plane_count = 5;
    expect_error(try_open(MRDA_PLUGIN_DIR, "copy", input), Errc::invalid_argument, "5 planes");
}

TEST(MediaSession, more_outputs_than_there_can_be_are_refused) {
    Input input;
    input.config.output_count = 9;
    expect_error(try_open(MRDA_PLUGIN_DIR, "copy", input), Errc::invalid_argument, "9 outputs");
}

TEST(MediaSession, its_data_is_zeroed_before_init_and_closed_once) {
    Input input;
    input.config.codec.width_px = 3;  // Refuses data that is not zero.
    Session first = open(MRDA_BROKEN_PLUGIN_DIR, "liar", input);
    const Session second(std::move(first));
}

TEST(MediaSession, frames_become_packets_in_order_and_buffers_come_back) {
    Input input;
    Session session = open(MRDA_PLUGIN_DIR, "copy", input);
    EXPECT_EQ(session.receive(0).value().status, Status::send_more);
    for (std::uint32_t index = 0; index < 3; ++index) {
        input.write(index, 100 + index);
        EXPECT_TRUE(session.send(index, 3000 * index, false).value());
    }
    for (std::uint32_t index = 0; index < 3; ++index) {
        EXPECT_EQ(session.take_done(), index);
        const ReceivedPacket received = session.receive(0).value();
        ASSERT_EQ(received.status, Status::ok);
        EXPECT_EQ(received.packet.pts, 3000 * index);
        std::array<std::uint64_t, 2> token{};
        ASSERT_EQ(received.packet.length_bytes, sizeof token);
        std::memcpy(token.data(), received.packet.data, sizeof token);
        EXPECT_THAT(token, testing::ElementsAre(index, 100 + index));
    }
    EXPECT_EQ(session.take_done(), std::nullopt);
    ASSERT_TRUE(session.drain().ok());
    EXPECT_EQ(session.receive(0).value().status, Status::end_of_stream);
    expect_error(session.send(0, 0, false), Errc::invalid_argument, "after the stream's end");
}

TEST(MediaSession, reset_drops_what_is_inside_and_undoes_drain) {
    Input input;
    Session session = open(MRDA_PLUGIN_DIR, "copy", input);
    ASSERT_TRUE(session.send(1, 0, false).value());
    ASSERT_TRUE(session.drain().ok());
    ASSERT_TRUE(session.reset().ok());
    EXPECT_EQ(session.take_done(), std::nullopt);
    EXPECT_EQ(session.receive(0).value().status, Status::send_more);
    EXPECT_TRUE(session.send(1, 0, true).value());
}

TEST(MediaSession, a_frame_that_is_not_there_is_the_hosts_error) {
    Input input;
    Session session = open(MRDA_PLUGIN_DIR, "copy", input);
    expect_error(session.send(3, 0, false), Errc::invalid_argument, "frame 3 sent of 3");
}

TEST(MediaSession, a_moved_session_is_closed_once) {
    Input input;
    Session first = open(MRDA_PLUGIN_DIR, "copy", input);
    Session second(std::move(first));
    EXPECT_TRUE(second.send(0, 0, false).value());
    EXPECT_STREQ(second.report().path, "direct");
}

TEST(MediaSession, what_a_plugin_makes_up_is_an_internal_error_that_names_it) {
    Input input;
    Session session = open(MRDA_BROKEN_PLUGIN_DIR, "liar", input);
    expect_error(session.receive(0), Errc::internal, "plugin liar: receive returned -1000");
    expect_error(session.send(0, 55, false), Errc::internal, "send returned 55");
    EXPECT_EQ(session.take_done(), std::nullopt);
}

TEST(MediaSession, an_error_without_words_gets_some_and_one_with_words_keeps_them) {
    Input input;
    Session session = open(MRDA_BROKEN_PLUGIN_DIR, "liar", input);
    expect_error(session.drain(), Errc::not_found, "plugin liar: the end of the stream failed");
    expect_error(session.reset(), Errc::busy, "no reset today");
}

TEST(MediaSession, text_that_nobody_ended_is_ended) {
    Input input;
    Session session = open(MRDA_BROKEN_PLUGIN_DIR, "liar", input);
    const mrda_media_report report = session.report();
    EXPECT_EQ(std::strlen(report.path), sizeof report.path - 1);
    EXPECT_EQ(std::strlen(report.path_reason), sizeof report.path_reason - 1);
    EXPECT_EQ(std::strlen(report.implementation), sizeof report.implementation - 1);
    input.config.codec.width_px = 2;
    expect_error(try_open(MRDA_BROKEN_PLUGIN_DIR, "liar", input), Errc::unsupported,
                 std::string(512, 'x'));
}

TEST(MediaSession, a_status_that_init_cannot_have_is_an_internal_error) {
    Input input;
    input.config.codec.width_px = 1;
    expect_error(try_open(MRDA_BROKEN_PLUGIN_DIR, "liar", input), Errc::internal,
                 "init returned 1");
}

}  // namespace
}  // namespace mrda::media
