// SPDX-License-Identifier: MIT
#include <ostream>

#include "guest_fixture.h"

namespace mrda::guest::test {
namespace {

using testing::HasSubstr;

struct Mistake {
    const char* name;
    void (*make)(mrda_guest_config&);
    const char* words;
    mrda_guest_status status = MRDA_GUEST_BAD_ARGUMENT;
};
void PrintTo(const Mistake& mistake, std::ostream* out) {
    *out << mistake.name;
}

class Misconfigured : public Guest, public testing::WithParamInterface<Mistake> {};

TEST_P(Misconfigured, is_refused_by_field_and_value_before_anybody_is_asked) {
    GetParam().make(config_);
    create();
    EXPECT_EQ(status_, GetParam().status);
    EXPECT_THAT(words(), HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    Guest, Misconfigured,
    testing::Values(
        Mistake{"size", [](auto& config) { config.size_bytes = 8; }, "size_bytes = 8"},
        Mistake{"codec", [](auto& config) { config.codec = 9; }, "codec = 9"},
        Mistake{"width", [](auto& config) { config.width_px = 0; }, "width_px = 0"},
        Mistake{"wide", [](auto& config) { config.width_px = 16386; }, "width_px = 16386"},
        Mistake{"height", [](auto& config) { config.height_px = 0; }, "height_px = 0"},
        Mistake{"odd", [](auto& config) { config.width_px = 63; }, "63"},
        Mistake{"fourcc", [](auto& config) { config.drm_fourcc = 0x31313131; },
                "unknown DRM fourcc 1111", MRDA_GUEST_UNSUPPORTED},
        Mistake{"fps", [](auto& config) { config.fps_num = 0; }, "fps_num = 0"},
        Mistake{"fps_den", [](auto& config) { config.fps_den = 0; }, "fps_den = 0"},
        Mistake{"vbr", [](auto& config) { config.vbr = 2; }, "vbr = 2"},
        Mistake{"bitrate", [](auto& config) { config.vbr = 1; }, "bitrate_kbps = 0"},
        Mistake{"qp", [](auto& config) { config.qp = 256; }, "qp = 256"},
        Mistake{"gop", [](auto& config) { config.gop_size = 0; }, "gop_size = 0"},
        Mistake{"gop_ref_dist", [](auto& config) { config.gop_ref_dist = 0; }, "gop_ref_dist = 0"},
        Mistake{"refs", [](auto& config) { config.num_ref_frames = 17; }, "num_ref_frames = 17"},
        Mistake{"usage", [](auto& config) { config.target_usage = 8; }, "target_usage = 8"},
        Mistake{"depth", [](auto& config) { config.async_depth = 0; }, "async_depth = 0"},
        Mistake{"inputs", [](auto& config) { config.input_slots = 1025; }, "input_slots = 1025"},
        Mistake{"outputs", [](auto& config) { config.output_slots = 1025; }, "output_slots = 1025"},
        Mistake{"slot", [](auto& config) { config.input_slot_bytes = UINT64_MAX; },
                "input_slot_bytes = 18446744073709551615"},
        Mistake{"address", [](auto& config) { config.address = "somewhere"; },
                "address \"somewhere\""},
        Mistake{"port", [](auto& config) { config.address = "host:x1"; }, "address \"host:x1\""},
        Mistake{"unix", [](auto& config) { config.address = "unix:"; }, "address \"unix:\""}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(Guest, refuses_null_pointers_without_a_crash) {
    mrda_guest_config_init(nullptr);
    mrda_guest_destroy(nullptr);
    mrda_guest_get_info(nullptr, nullptr);
    EXPECT_STREQ(mrda_guest_last_error(nullptr), "session must not be NULL");
    mrda_guest_session* session = nullptr;
    EXPECT_EQ(mrda_guest_create(nullptr, &session, nullptr, 0), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_EQ(mrda_guest_create(&config_, nullptr, nullptr, 0), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_EQ(mrda_guest_get_buffer(nullptr, nullptr, 0), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_EQ(mrda_guest_send_frame(nullptr, nullptr, 0, 0), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_EQ(mrda_guest_stop(nullptr), MRDA_GUEST_BAD_ARGUMENT);
    serve_scripted();
    const auto made = create_ok();
    EXPECT_EQ(mrda_guest_get_buffer(made.get(), nullptr, 0), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_STREQ(mrda_guest_last_error(made.get()), "buffer must not be NULL");
    EXPECT_EQ(mrda_guest_receive(made.get(), nullptr, 0), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_STREQ(mrda_guest_last_error(made.get()), "packet must not be NULL");
    EXPECT_EQ(mrda_guest_release(made.get(), nullptr), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_EQ(mrda_guest_return_buffer(made.get(), nullptr), MRDA_GUEST_BAD_ARGUMENT);
}

TEST_F(Guest, cuts_its_words_to_the_room_that_there_is) {
    config_.width_px = 0;
    char words[8] = "zzzzzzz";
    mrda_guest_session* session = nullptr;
    EXPECT_EQ(mrda_guest_create(&config_, &session, words, sizeof words), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_STREQ(words, "config.");
    EXPECT_EQ(mrda_guest_create(&config_, &session, nullptr, 0), MRDA_GUEST_BAD_ARGUMENT);
}

TEST_F(Guest, takes_a_buffer_once_only) {
    serve_scripted();
    const auto session = create_ok();
    const auto buffer = get_buffer(session);
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &buffer, 0, 2), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("flags 2"));
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &buffer, 0, 0), MRDA_GUEST_OK);
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &buffer, 0, 0), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_THAT(mrda_guest_last_error(session.get()),
                HasSubstr("input slot " + std::to_string(buffer.slot) + " of 4"));
    EXPECT_EQ(mrda_guest_return_buffer(session.get(), &buffer), MRDA_GUEST_BAD_ARGUMENT);
    mrda_guest_buffer invented{};
    invented.slot = 4;
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &invented, 0, 0), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("input slot 4 of 4"));
}

TEST_F(Guest, takes_a_packet_back_once_only) {
    serve_scripted();
    const auto session = create_ok();
    send(session, 1);
    host().send_packet(1, "one", 1);
    auto packet = receive(session);
    mrda_guest_packet other = packet;
    other.data += 1;
    EXPECT_EQ(mrda_guest_release(session.get(), &other), MRDA_GUEST_BAD_ARGUMENT);
    other = packet;
    other.slot = 77;
    EXPECT_EQ(mrda_guest_release(session.get(), &other), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("output slot 77"));
    EXPECT_EQ(mrda_guest_release(session.get(), &packet), MRDA_GUEST_OK);
    EXPECT_EQ(mrda_guest_release(session.get(), &packet), MRDA_GUEST_BAD_ARGUMENT);
}

}  // namespace
}  // namespace mrda::guest::test
