// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <set>

#include "decoded_frames.h"
#include "pipeline_fixture.h"

namespace mrda::service {
namespace {

using ivshmem::HostKind;
using testing::HasSubstr;

/// Enough slots for any of the small configurations below to be encoded in place.
constexpr test::SessionShape kShape{.input_slots = 20, .output_slots = 8};

const char* format_of(const std::string& codec) {
    return codec == "avc" ? "h264" : codec == "hevc" ? "hevc" : "obu";
}

class WorkerVplPipeline : public test::PipelineTest,
                          public testing::WithParamInterface<const char*> {
  protected:
    [[nodiscard]] static EncodeParams params() { return test::small_params(GetParam()); }
    void expect_decodable(std::size_t frames) {
        const auto decoded = test::decoded_frames(guest().packets, format_of(GetParam()));
        if (decoded) {
            EXPECT_EQ(*decoded, frames);
        }
    }
};

TEST_P(WorkerVplPipeline, encodes_every_frame_where_it_lies_and_copies_none) {
    create(params(), kShape);
    EXPECT_EQ(pipeline().running_event().path, "direct");
    EXPECT_EQ(pipeline().running_event().message, "");
    EXPECT_THAT(pipeline().running_event().implementation, HasSubstr("mrda-software"));
    run();
    encode(30);
    EXPECT_TRUE(stop().ok());
    ASSERT_EQ(guest().packets.size(), 30U);
    EXPECT_EQ(guest().done(), 30U);
    EXPECT_TRUE(guest().packets[0].key_frame);
    for (std::uint64_t i = 0; i < 30; ++i) {
        EXPECT_EQ(guest().packets[i].pts, static_cast<std::int64_t>(3000 * i));
        EXPECT_EQ(guest().packets[i].cookie, 1000 + i);
    }
    EXPECT_EQ(pipeline().stats().cpu_copied_bytes, 0U);
    expect_decodable(30);
}

TEST_P(WorkerVplPipeline, with_b_frames_gives_each_packet_the_time_and_cookie_of_its_frame) {
    EncodeParams wanted = params();
    // SVT-AV1 makes whole mini-GOPs of 4, 8 or 16.
    wanted.gop_ref_dist = wanted.codec == "av1" ? 4 : 3;
    wanted.num_ref_frames = 2;
    create(wanted, kShape);
    run();
    encode(25);
    ASSERT_EQ(guest().packets.size(), 25U);
    std::set<std::int64_t> times;
    for (std::size_t i = 0; i < 25; ++i) {
        const auto& packet = guest().packets[i];
        times.insert(packet.pts);
        EXPECT_EQ(packet.cookie, 1000 + static_cast<std::uint64_t>(packet.pts) / 3000);
        EXPECT_LE(packet.dts, packet.pts);
        EXPECT_TRUE(i == 0 || guest().packets[i - 1].dts < packet.dts) << "packet " << i;
    }
    EXPECT_EQ(times.size(), 25U);
    EXPECT_EQ(*times.rbegin(), 24 * 3000);
    expect_decodable(25);
}

TEST_P(WorkerVplPipeline, makes_a_key_frame_where_the_guest_wants_one) {
    create(params(), kShape);
    run();
    for (std::uint64_t number = 0; number < 12; ++number) {
        const auto slot = guest().free_input();
        ASSERT_TRUE(slot);
        draw(*slot, number);
        guest().send_frame(*slot, static_cast<std::int64_t>(number), number, number == 5);
    }
    guest().send_end();
    ASSERT_TRUE(guest().take_until(HostKind::end_of_stream));
    ASSERT_EQ(guest().packets.size(), 12U);
    for (const auto& packet : guest().packets) {
        EXPECT_EQ(packet.key_frame, packet.pts == 0 || packet.pts == 5) << packet.pts;
    }
}

TEST_P(WorkerVplPipeline, reset_gives_every_slot_back_and_begins_with_a_key_frame) {
    EncodeParams wanted = params();
    wanted.async_depth = 2;
    create(wanted, {.input_slots = 20, .output_slots = 2});
    guest().release_at_once = false;
    // More than codec and output slots hold: some frames never reach the codec.
    send_pictures(0, 20);
    run();
    while (guest().packets.size() < 2) {
        ASSERT_TRUE(guest().take(30'000'000'000));
    }
    pipeline().request(WorkerCommand::reset);
    ASSERT_TRUE(guest().take_until(HostKind::reset_done));
    EXPECT_EQ(guest().done(), 20U);
    EXPECT_GE(guest().done_by_status[static_cast<std::uint32_t>(ivshmem::FrameStatus::discarded)],
              1U);
    guest().packets.clear();
    guest().release(0);
    guest().release(1);
    guest().release_at_once = true;
    send_pictures(100, 5);
    guest().send_end();
    ASSERT_TRUE(guest().take_until(HostKind::end_of_stream));
    ASSERT_EQ(guest().packets.size(), 5U);
    EXPECT_TRUE(guest().packets[0].key_frame);
    EXPECT_EQ(guest().packets[0].cookie, 1100U);
    expect_decodable(5);
    EXPECT_TRUE(stop().ok());
}

TEST_P(WorkerVplPipeline, drains_at_the_services_command) {
    create(params(), kShape);
    send_pictures(0, 7);
    run();
    while (pipeline().stats().frames < 7) {
        std::this_thread::yield();
    }
    pipeline().request(WorkerCommand::drain);
    ASSERT_TRUE(guest().take_until(HostKind::end_of_stream));
    EXPECT_EQ(guest().packets.size(), 7U);
    EXPECT_EQ(guest().done(), 7U);
}

TEST_P(WorkerVplPipeline, gives_slots_back_also_while_the_codec_wants_more_frames) {
    EncodeParams wanted = params();
    wanted.gop_ref_dist = wanted.codec == "av1" ? 4 : 3;
    create(wanted, kShape);
    run();
    // Fewer than any codec here waits for before its first packet.
    send_pictures(0, 1);
    while (guest().done() < 1) {
        ASSERT_TRUE(guest().take(30'000'000'000)) << "the slot stays with a codec that only copies";
    }
    EXPECT_TRUE(stop().ok());
}

TEST_P(WorkerVplPipeline, survives_pixels_that_change_while_they_are_encoded) {
    create(params(), kShape);
    run();
    std::atomic<bool> stop_scribbling = false;
    const ivshmem::Mapping view = another_view();
    std::thread scribbler([&] {
        std::minstd_rand random(1);
        while (!stop_scribbling) {
            const auto slot = static_cast<std::uint32_t>(random() % kShape.input_slots);
            const std::size_t at = random() % (frame().size_bytes() - 64);
            std::memset(view.data() + layout().input_slot_offset(slot) + at,
                        static_cast<int>(random() & 0xff), 64);
        }
    });
    encode(20);
    stop_scribbling = true;
    scribbler.join();
    EXPECT_EQ(guest().packets.size(), 20U);
    EXPECT_TRUE(stop().ok());
    expect_decodable(20);
}

TEST_P(WorkerVplPipeline, fails_by_name_where_a_picture_does_not_fit_into_an_output_slot) {
    EncodeParams wanted = params();
    wanted.qp = 1;
    create(wanted, {.input_slots = 20, .output_slots = 4, .output_slot_bytes = 4096});
    std::minstd_rand random(1);
    std::generate_n(guest().input(0), frame().size_bytes(),
                    [&] { return static_cast<std::byte>(random() & 0xff); });
    guest().send_frame(0, 0, 0);
    guest().send_end();
    run();
    const auto ended = outcome();
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ(ended.error().code, Errc::exhausted);
    EXPECT_THAT(ended.error().message, HasSubstr("into an output slot of 4096"));
}

TEST_P(WorkerVplPipeline, in_a_region_that_is_a_file_stands_on_its_pages) {
    test::SessionShape shape = kShape;
    shape.region = ivshmem::Region::Kind::file;
    create(params(), shape);
    EXPECT_EQ(pipeline().running_event().path, "direct");
    EXPECT_THAT(pipeline().running_event().message, HasSubstr("by userptr"));
    EXPECT_THAT(pipeline().running_event().message, HasSubstr("can shrink"));
    run();
    encode(10);
    EXPECT_EQ(guest().packets.size(), 10U);
    EXPECT_EQ(pipeline().stats().cpu_copied_bytes, 0U);
    expect_decodable(10);
}

TEST_P(WorkerVplPipeline, with_too_few_slots_to_encode_in_place_goes_the_next_way_and_says_why) {
    create(params(), {.input_slots = 2, .output_slots = 4});
    EXPECT_EQ(pipeline().running_event().path, "blit");
    EXPECT_THAT(pipeline().running_event().message, HasSubstr("not direct: 2 surfaces given"));
    run();
    encode(10);
    EXPECT_EQ(guest().packets.size(), 10U);
    EXPECT_EQ(pipeline().stats().cpu_copied_bytes, 0U);
}

INSTANTIATE_TEST_SUITE_P(codecs, WorkerVplPipeline, testing::Values("avc", "hevc", "av1"),
                         [](const auto& codec) { return std::string(codec.param); });

class WorkerVplPaths : public test::PipelineTest,
                       public testing::WithParamInterface<std::tuple<const char*, const char*>> {};

TEST_P(WorkerVplPaths, that_is_asked_for_is_taken_and_its_copies_are_counted) {
    constexpr std::size_t kFrames = 10;
    const auto [codec, path] = GetParam();
    EncodeParams params = test::small_params(codec);
    params.path = path;
    create(params, kShape);
    EXPECT_EQ(pipeline().running_event().path, path);
    EXPECT_THAT(pipeline().running_event().message, HasSubstr("asked for"));
    run();
    encode(kFrames);
    EXPECT_TRUE(stop().ok());
    EXPECT_EQ(guest().packets.size(), kFrames);
    EXPECT_EQ(guest().done(), kFrames);
    const std::uint64_t per_frame = std::string(path) == "map" ? frame().packed_bytes() : 0;
    EXPECT_EQ(pipeline().stats().cpu_copied_bytes, kFrames * per_frame);
    const auto decoded = test::decoded_frames(guest().packets, format_of(codec));
    EXPECT_EQ(decoded.value_or(kFrames), kFrames);
}

INSTANTIATE_TEST_SUITE_P(all, WorkerVplPaths,
                         testing::Combine(testing::Values("avc", "hevc", "av1"),
                                          testing::Values("direct", "blit", "map")),
                         [](const auto& both) {
                             return std::string(std::get<0>(both.param)) + "_by_" +
                                    std::get<1>(both.param);
                         });

using WorkerVplPath = test::PipelineTest;

TEST_F(WorkerVplPath, every_way_gives_the_same_bitstream) {
    std::vector<std::vector<std::byte>> first;
    for (const char* path : {"direct", "blit", "map"}) {
        EncodeParams params = test::small_params("avc");
        params.path = path;
        create(params, kShape);
        run();
        encode(5);
        EXPECT_TRUE(stop().ok());
        std::vector<std::vector<std::byte>> coded;
        for (const auto& packet : guest().packets) {
            coded.push_back(packet.data);
        }
        first = first.empty() ? coded : first;
        EXPECT_EQ(coded, first) << path;
    }
}

TEST_F(WorkerVplPath, that_nobody_knows_is_refused_by_its_name) {
    EncodeParams params = test::small_params("avc");
    params.path = "magic";
    const auto created = try_create(params, kShape);
    ASSERT_FALSE(created.ok());
    EXPECT_EQ(created.error().code, Errc::invalid_argument);
    EXPECT_THAT(created.error().message, HasSubstr("\"magic\""));
}

TEST_F(WorkerVplPath, that_cannot_be_taken_where_it_is_asked_for_is_an_error) {
    EncodeParams params = test::small_params("avc");
    params.path = "direct";
    const auto created = try_create(params, {.input_slots = 2, .output_slots = 4});
    ASSERT_FALSE(created.ok());
    EXPECT_THAT(created.error().message, HasSubstr("not direct: 2 surfaces given"));
}

using WorkerVplConfig = test::PipelineTest;

TEST_F(WorkerVplConfig, profiles_are_taken_by_name_and_others_refused_with_those_there_are) {
    for (const auto& [codec, profile] :
         {std::pair("avc", "main"), {"avc", "high"}, {"hevc", "main"}, {"av1", "main"}}) {
        EncodeParams params = test::small_params(codec);
        params.profile = profile;
        const auto created = try_create(params, kShape);
        EXPECT_TRUE(created.ok()) << codec << " " << profile << ": " << created.error().message;
    }
    EncodeParams params = test::small_params("hevc");
    params.profile = "high";
    const auto created = try_create(params, kShape);
    ASSERT_FALSE(created.ok());
    EXPECT_EQ(created.error().code, Errc::unsupported);
    EXPECT_THAT(created.error().message, HasSubstr("which has main, main10"));
}

TEST_F(WorkerVplConfig, a_bit_rate_is_taken_and_a_picture_larger_than_its_memory_refused) {
    EncodeParams params = test::small_params("avc");
    params.vbr = true;
    params.bitrate_kbps = 500;
    create(params, kShape);
    run();
    encode(10);
    EXPECT_EQ(guest().packets.size(), 10U);
    params.gop_size = 70'000;
    const auto created = try_create(params, kShape);
    ASSERT_FALSE(created.ok());
    EXPECT_THAT(created.error().message, HasSubstr("GOP size 70000"));
}

TEST_F(WorkerVplConfig, a_codec_of_another_plugin_is_refused) {
    EncodeParams params = test::small_params("avc");
    params.codec = "vp9";
    const auto created = try_create(params, kShape);
    ASSERT_FALSE(created.ok());
    EXPECT_EQ(created.error().code, Errc::unsupported);
    EXPECT_THAT(created.error().message, HasSubstr("avc, hevc, av1"));
}

}  // namespace
}  // namespace mrda::service
