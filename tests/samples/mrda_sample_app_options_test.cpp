// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "mrda_sample_app/options.h"

namespace mrda_sample_app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Pair = std::pair<std::string, std::string>;

struct Outcome {
    ParsedOptions parsed;
    std::string said;
    std::string complained;
};

Outcome parse(const std::vector<std::string>& words) {
    std::vector<const char*> argv{"mrda_sample_app"};
    for (const std::string& word : words) {
        argv.push_back(word.c_str());
    }
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.parsed = parse_options(static_cast<int>(argv.size()), argv.data());
    outcome.said = testing::internal::GetCapturedStdout();
    outcome.complained = testing::internal::GetCapturedStderr();
    return outcome;
}

Options parse_ok(const std::vector<std::string>& words) {
    const Outcome outcome = parse(words);
    EXPECT_TRUE(outcome.parsed.options.has_value()) << outcome.said << outcome.complained;
    return outcome.parsed.options.value_or(Options());
}

/// Every option that takes a value, as a command line of the older programs has them.
std::vector<Pair> everything() {
    return {{"--hostSessionAddr", "127.0.0.1:50051"},
            {"-i", "in.rgb"},
            {"-o", "out.hevc"},
            {"--memDevSize", "1000000000"},
            {"--bufferNum", "100"},
            {"--bufferSize", "10000000"},
            {"--inDevPath", "/dev/shm/in"},
            {"--outDevPath", "/dev/shm/out"},
            {"--inDevSlotNumber", "11"},
            {"--outDevSlotNumber", "12"},
            {"--frameNum", "3000"},
            {"--codecId", "h265"},
            {"--gopSize", "30"},
            {"--asyncDepth", "8"},
            {"--targetUsage", "quality"},
            {"--rcMode", "1"},
            {"--qp", "30"},
            {"--bitrate", "15000"},
            {"--fps", "60"},
            {"--width", "1280"},
            {"--height", "720"},
            {"--colorFormat", "rgb32"},
            {"--codecProfile", "hevc:main"},
            {"--gopRefDist", "3"},
            {"--numRefFrame", "2"},
            {"--maxBFrames", "2"},
            {"--encodeType", "oneVPL"},
            {"--decodeType", "de265"},
            {"--pluginDir", "/my/plugins"}};
}

void expect_everything(const Options& options) {
    EXPECT_EQ(options.address, "127.0.0.1:50051");
    EXPECT_EQ(options.input, "in.rgb");
    EXPECT_EQ(options.output, "out.hevc");
    EXPECT_EQ(options.buffers, 99U);
    EXPECT_EQ(options.buffer_bytes, 10'000'000U);
    EXPECT_EQ(options.in_device_path, "/dev/shm/in");
    EXPECT_EQ(options.out_device_path, "/dev/shm/out");
    EXPECT_EQ(options.frames, 3000U);
    EXPECT_EQ(options.codec, std::uint32_t{MRDA_GUEST_HEVC});
    EXPECT_EQ(options.gop_size, 30U);
    EXPECT_EQ(options.async_depth, 8U);
    EXPECT_EQ(options.target_usage, 1U);
    EXPECT_TRUE(options.vbr);
    EXPECT_EQ(options.qp, 30U);
    EXPECT_EQ(options.bitrate_kbps, 15'000U);
    EXPECT_EQ(options.fps, 60U);
    EXPECT_EQ(options.width_px, 1280U);
    EXPECT_EQ(options.height_px, 720U);
    EXPECT_EQ(options.color, ColorFormat::rgb32);
    EXPECT_EQ(options.profile, "main");
    EXPECT_EQ(options.gop_ref_dist, 3U);
    EXPECT_EQ(options.num_ref_frames, 2U);
    EXPECT_EQ(options.plugin, "vpl");
    EXPECT_FALSE(options.json);
}

TEST(SampleAppOptions, are_taken_in_any_order) {
    std::vector<Pair> pairs = everything();
    std::mt19937 random(1);
    for (int round = 0; round < 20; ++round) {
        std::vector<std::string> words;
        for (const auto& [name, value] : pairs) {
            words.push_back(name);
            words.push_back(value);
        }
        expect_everything(parse_ok(words));
        std::shuffle(pairs.begin(), pairs.end(), random);
    }
}

TEST(SampleAppOptions, are_all_in_the_help) {
    const Outcome outcome = parse({"--help"});
    EXPECT_FALSE(outcome.parsed.options.has_value());
    EXPECT_EQ(outcome.parsed.exit_code, 0);
    for (const auto& [name, value] : everything()) {
        EXPECT_THAT(outcome.said, HasSubstr(name + " "));
    }
    EXPECT_THAT(outcome.said, HasSubstr("--json "));
    EXPECT_THAT(outcome.said, HasSubstr("B, G, R, A"));
}

TEST(SampleAppOptions, need_nothing_said) {
    const Options options = parse_ok({});
    EXPECT_EQ(options.codec, std::uint32_t{MRDA_GUEST_AVC});
    EXPECT_EQ(options.frames, kPatternFrames);
    EXPECT_EQ(options.buffers, 0U);
    EXPECT_THAT(options.notices, IsEmpty());
    const mrda_guest_config config = config_of(options);
    EXPECT_EQ(config.address, nullptr);
    EXPECT_EQ(config.profile, nullptr);
    EXPECT_EQ(config.width_px, 1920U);
    EXPECT_EQ(parse_ok({"-i", "-"}).frames, 0U) << "a pipe has as many as it has";
}

TEST(SampleAppOptions, become_what_the_library_is_asked_for) {
    const Options options = parse_ok({"--codecId", "av1", "--codecProfile", "av1:high", "--bitrate",
                                      "500", "--bufferNum", "7", "--encodeType", "mine"});
    const mrda_guest_config config = config_of(options);
    EXPECT_EQ(config.codec, std::uint32_t{MRDA_GUEST_AV1});
    EXPECT_STREQ(config.profile, "high");
    EXPECT_STREQ(config.plugin, "mine");
    EXPECT_EQ(config.vbr, 1U) << "a bitrate is meant to be used";
    EXPECT_EQ(config.input_slots, 7U);
    EXPECT_EQ(config.output_slots, 7U);
}

struct Mistake {
    std::vector<std::string> words;
    int exit_code;
    const char* complaint;
};
void PrintTo(const Mistake& mistake, std::ostream* out) {
    for (const std::string& word : mistake.words) {
        *out << word << ' ';
    }
}

class Mistaken : public testing::TestWithParam<Mistake> {};

TEST_P(Mistaken, option_is_named_with_what_can_be) {
    const Outcome outcome = parse(GetParam().words);
    EXPECT_FALSE(outcome.parsed.options.has_value());
    EXPECT_EQ(outcome.parsed.exit_code, GetParam().exit_code);
    EXPECT_THAT(outcome.complained, HasSubstr(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    SampleAppOptions, Mistaken,
    testing::Values(
        Mistake{{"--codecId", "vp8"}, 4, "--codecId \"vp8\": choose h264"},
        Mistake{
            {"--codecId", "vp9", "--codecProfile", "av1:main"}, 2, "is not one of --codecId vp9"},
        Mistake{{"--codecId", "copy", "--decodeType", "auto"}, 2, "makes no pictures"},
        Mistake{{"--codecProfile", "avc:best"}, 4, "--codecProfile \"avc:best\": choose avc:main"},
        Mistake{{"--codecProfile", "hevc:main"}, 2, "\"hevc:main\" is not one of --codecId h264"},
        Mistake{{"--colorFormat", "rgb24"}, 4, "--colorFormat \"rgb24\": choose rgb32"},
        Mistake{{"--rcMode", "2"}, 2, "--rcMode \"2\": choose 0"},
        Mistake{{"--rcMode", "1"}, 2, "--rcMode 1 needs --bitrate"},
        Mistake{{"--targetUsage", "fast"}, 2, "--targetUsage \"fast\": choose quality"},
        Mistake{{"--gopRefDist", "2", "--maxBFrames", "2"}, 2, "contradict"},
        Mistake{{"--width", "1281"}, 2, "1281"}, Mistake{{"--width", "wide"}, 2, "--width"},
        Mistake{{"--frameNum", "-3"}, 2, "--frameNum"},
        Mistake{{"--bufferSize", "-3"}, 2, "--bufferSize"},
        Mistake{{"--bufferSize", "3000000"}, 2, "needs 3133440"},
        Mistake{{"--codecId", "copy", "--bufferSize", "3110399"}, 2, "needs 3110400"},
        Mistake{{"--bufferNum", "0"}, 2, "--bufferNum 0: from 1 to 1024"},
        Mistake{{"--bufferNum", "1025"}, 2, "--bufferNum 1025: from 1 to 1024"},
        Mistake{{"--bufferNum", "2", "--bufferSize", "4000000", "--memDevSize", "4000000"},
                2,
                "--memDevSize 4000000: one buffer and its control pages need"},
        Mistake{{"--json", "-o", "-"}, 2, "both want the standard output"},
        Mistake{{"--nonsense"}, 2, "--nonsense"}));

TEST(SampleAppOptions, leave_out_the_buffers_that_the_memory_does_not_hold) {
    const Options options =
        parse_ok({"--memDevSize", "1000000000", "--bufferNum", "100", "--bufferSize", "10002432"});
    EXPECT_EQ(options.buffers, 99U);
    EXPECT_THAT(options.notices,
                ElementsAre("--memDevSize 1000000000 has room for 99 of 100 buffers of 10002432 "
                            "bytes (whole pages)"));
    EXPECT_THAT(
        parse_ok({"--memDevSize", "1000000000", "--bufferNum", "99", "--bufferSize", "10002432"})
            .notices,
        IsEmpty());
}

TEST(SampleAppOptions, want_whole_macroblocks_only_where_something_encodes_them) {
    EXPECT_EQ(parse_ok({"--codecId", "copy", "--bufferSize", "3110400"}).buffer_bytes, 3110400U)
        << "a frame of 1920x1080, as it is";
    EXPECT_EQ(parse_ok({"--bufferSize", "3133440"}).buffer_bytes, 3133440U) << "of 1920x1088";
}

TEST(SampleAppOptions, that_are_not_used_are_told) {
    EXPECT_THAT(parse_ok({"--encodeType", "ffmpeg"}).notices,
                Contains(HasSubstr("default encoder is used")));
    EXPECT_EQ(parse_ok({"--encodeType", "ffmpeg"}).plugin, "");
    EXPECT_THAT(parse_ok({"--inDevSlotNumber", "11"}).notices,
                Contains(HasSubstr("--inDevSlotNumber")));
    EXPECT_THAT(parse_ok({"--rcMode", "0", "--bitrate", "9"}).notices,
                Contains(HasSubstr("--bitrate is not used")));
    EXPECT_THAT(parse_ok({"--memDevSize", "9"}).notices, Contains(HasSubstr("--memDevSize")));
}

TEST(SampleAppOptions, name_a_decoder_or_leave_it_to_the_codec) {
    EXPECT_EQ(parse_ok({}).decoder, "") << "nothing is decoded unasked";
    EXPECT_EQ(parse_ok({"--decodeType", "mine"}).decoder, "mine");
    EXPECT_EQ(parse_ok({"--decodeType", "auto"}).decoder, "openh264");
    EXPECT_EQ(parse_ok({"--codecId", "h265", "--decodeType", "auto"}).decoder, "de265");
    EXPECT_EQ(parse_ok({"--codecId", "av1", "--decodeType", "auto"}).decoder, "dav1d");
    const Options vp9 = parse_ok({"--codecId", "vp9", "--codecProfile", "vp9:0", "--decodeType",
                                  "ffmpeg", "--pluginDir", "/a", "--pluginDir", "/b"});
    EXPECT_EQ(vp9.decoder, "vpx");
    EXPECT_THAT(vp9.notices, Contains(HasSubstr("the plugin vpx is used")));
    EXPECT_THAT(vp9.plugin_dirs, ElementsAre("/a", "/b"));
    EXPECT_EQ(config_of(vp9).codec, std::uint32_t{MRDA_GUEST_VP9});
}

TEST(SampleAppOptions, say_b_frames_in_either_way) {
    EXPECT_EQ(parse_ok({"--maxBFrames", "0"}).gop_ref_dist, 1U);
    EXPECT_EQ(parse_ok({"--maxBFrames", "2"}).gop_ref_dist, 3U);
    EXPECT_EQ(parse_ok({"--gopRefDist", "4"}).gop_ref_dist, 4U);
}

}  // namespace
}  // namespace mrda_sample_app
