// SPDX-License-Identifier: MIT
#include "mrda/media/encoder_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

namespace mrda::media {
namespace {

using testing::HasSubstr;
using Status = Received::Status;

constexpr std::uint64_t kSlotBytes = 4096;

/// Three slots in this process's own memory.
struct Slots {
    Slots() {
        config.size_bytes = sizeof config;
        copy_text(config.codec, "copy");
        config.input.fd = -1;
        config.input.slot_count = 3;
        config.input.slot_bytes = kSlotBytes;
        config.input.pages = memory.data();
    }
    void write(std::uint32_t slot, std::uint64_t value) {
        std::memcpy(memory.data() + slot * kSlotBytes, &value, sizeof value);
    }

    alignas(64) std::array<std::byte, 3 * kSlotBytes> memory{};
    mrda_encoder_config config{};
};

EncoderSession open(const char* directory, const char* name, const mrda_encoder_config& config) {
    return EncoderSession::open(Plugin::load(directory, name).value(), config).value();
}

template <typename T>
void expect_error(const Result<T>& done, Errc code, const std::string& named) {
    ASSERT_FALSE(done.ok()) << named;
    EXPECT_EQ(done.error().code, code) << done.error().message;
    EXPECT_THAT(done.error().message, HasSubstr(named));
}

TEST(MediaEncoderSession, a_codec_that_the_plugin_does_not_list_is_refused_naming_those_it_has) {
    Slots slots;
    copy_text(slots.config.codec, "avc");
    expect_error(EncoderSession::open(Plugin::load(MRDA_PLUGIN_DIR, "copy").value(), slots.config),
                 Errc::unsupported, "codec \"avc\" asked of plugin copy, which has copy");
}

TEST(MediaEncoderSession, what_the_plugin_says_of_a_bad_configuration_comes_through) {
    Slots slots;
    slots.config.input.pages = nullptr;
    expect_error(EncoderSession::open(Plugin::load(MRDA_PLUGIN_DIR, "copy").value(), slots.config),
                 Errc::invalid_argument, "no mapped slots");
}

TEST(MediaEncoderSession, frames_become_packets_in_order_and_slots_come_back) {
    Slots slots;
    EncoderSession session = open(MRDA_PLUGIN_DIR, "copy", slots.config);
    EXPECT_EQ(session.receive(0).value().status, Status::send_more);
    for (std::uint32_t slot = 0; slot < 3; ++slot) {
        slots.write(slot, 100 + slot);
        EXPECT_TRUE(session.send(slot, 3000 * slot, false).value());
    }
    for (std::uint32_t slot = 0; slot < 3; ++slot) {
        EXPECT_EQ(session.take_done(), slot);
        const Received received = session.receive(0).value();
        ASSERT_EQ(received.status, Status::packet);
        EXPECT_EQ(received.packet.pts, 3000 * slot);
        std::array<std::uint64_t, 2> token{};
        ASSERT_EQ(received.packet.size_bytes, sizeof token);
        std::memcpy(token.data(), received.packet.data, sizeof token);
        EXPECT_THAT(token, testing::ElementsAre(slot, 100 + slot));
    }
    EXPECT_EQ(session.take_done(), std::nullopt);
    ASSERT_TRUE(session.drain().ok());
    EXPECT_EQ(session.receive(0).value().status, Status::end_of_stream);
    expect_error(session.send(0, 0, false), Errc::invalid_argument, "after drain");
}

TEST(MediaEncoderSession, reset_drops_what_is_inside_and_undoes_drain) {
    Slots slots;
    EncoderSession session = open(MRDA_PLUGIN_DIR, "copy", slots.config);
    ASSERT_TRUE(session.send(1, 0, false).value());
    ASSERT_TRUE(session.drain().ok());
    ASSERT_TRUE(session.reset().ok());
    EXPECT_EQ(session.take_done(), std::nullopt);
    EXPECT_EQ(session.receive(0).value().status, Status::send_more);
    EXPECT_TRUE(session.send(1, 0, true).value());
}

TEST(MediaEncoderSession, a_slot_that_is_not_there_is_the_hosts_error) {
    Slots slots;
    EncoderSession session = open(MRDA_PLUGIN_DIR, "copy", slots.config);
    expect_error(session.send(3, 0, false), Errc::invalid_argument, "slot 3 sent of 3");
}

TEST(MediaEncoderSession, a_moved_session_is_closed_once) {
    Slots slots;
    EncoderSession first = open(MRDA_PLUGIN_DIR, "copy", slots.config);
    EncoderSession second(std::move(first));
    EXPECT_TRUE(second.send(0, 0, false).value());
    EXPECT_STREQ(second.report().path, "direct");
}

TEST(MediaEncoderSession, what_a_plugin_makes_up_is_an_internal_error_that_names_it) {
    Slots slots;
    EncoderSession session = open(MRDA_BROKEN_PLUGIN_DIR, "liar", slots.config);
    expect_error(session.receive(0), Errc::internal, "plugin liar: receive returned -1000");
    expect_error(session.send(55, 0, false), Errc::internal, "send returned 55");
    EXPECT_EQ(session.take_done(), std::nullopt);
}

TEST(MediaEncoderSession, an_error_without_words_gets_some_and_one_with_words_keeps_them) {
    Slots slots;
    EncoderSession session = open(MRDA_BROKEN_PLUGIN_DIR, "liar", slots.config);
    expect_error(session.drain(), Errc::not_found, "plugin liar: drain failed");
    expect_error(session.reset(), Errc::busy, "no reset today");
}

TEST(MediaEncoderSession, text_that_nobody_ended_is_ended) {
    Slots slots;
    EncoderSession session = open(MRDA_BROKEN_PLUGIN_DIR, "liar", slots.config);
    const mrda_media_report report = session.report();
    EXPECT_EQ(std::strlen(report.path), sizeof report.path - 1);
    EXPECT_EQ(std::strlen(report.path_reason), sizeof report.path_reason - 1);
    EXPECT_EQ(std::strlen(report.implementation), sizeof report.implementation - 1);
    slots.config.width_px = 2;
    const auto refused =
        EncoderSession::open(Plugin::load(MRDA_BROKEN_PLUGIN_DIR, "liar").value(), slots.config);
    expect_error(refused, Errc::unsupported, std::string(512, 'x'));
}

TEST(MediaEncoderSession, success_without_an_encoder_is_an_internal_error) {
    Slots slots;
    slots.config.width_px = 1;
    expect_error(
        EncoderSession::open(Plugin::load(MRDA_BROKEN_PLUGIN_DIR, "liar").value(), slots.config),
        Errc::internal, "open returned 0");
}

}  // namespace
}  // namespace mrda::media
