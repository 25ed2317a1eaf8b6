// SPDX-License-Identifier: MIT
#include "mrda/vpl/codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <vpl/mfx.h>

namespace mrda::vpl {
namespace {

TEST(Codec, is_known_by_every_name_that_people_use) {
    EXPECT_EQ(*parse_codec("h264"), Codec::avc);
    EXPECT_EQ(*parse_codec("avc"), Codec::avc);
    EXPECT_EQ(*parse_codec("h265"), Codec::hevc);
    EXPECT_EQ(*parse_codec("hevc"), Codec::hevc);
    EXPECT_EQ(*parse_codec("av1"), Codec::av1);
}

TEST(Codec, is_read_back_from_the_name_it_is_printed_with) {
    for (const Codec codec : {Codec::avc, Codec::hevc, Codec::av1}) {
        EXPECT_EQ(*parse_codec(to_string(codec)), codec) << to_string(codec);
    }
}

TEST(Codec, has_the_id_that_onevpl_gives_it) {
    EXPECT_EQ(mfx_codec_id(Codec::avc), std::uint32_t{MFX_CODEC_AVC});
    EXPECT_EQ(mfx_codec_id(Codec::hevc), std::uint32_t{MFX_CODEC_HEVC});
    EXPECT_EQ(mfx_codec_id(Codec::av1), std::uint32_t{MFX_CODEC_AV1});
}

TEST(Codec, of_an_unknown_name_is_refused_by_that_name_with_a_choice) {
    const auto parsed = parse_codec("vp9");
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().code, Errc::unsupported);
    EXPECT_NE(parsed.error().message.find("\"vp9\""), std::string::npos);
    EXPECT_NE(parsed.error().message.find("h264"), std::string::npos);
}

RC_GTEST_PROP(Codec, text_is_either_one_of_the_five_names_or_refused_in_full,
              (const std::string& text)) {
    const auto parsed = parse_codec(text);
    if (!parsed) {
        RC_ASSERT(parsed.error().message.find(text) != std::string::npos);
        return;
    }
    RC_ASSERT(text == "h264" || text == "avc" || text == "h265" || text == "hevc" || text == "av1");
}

}  // namespace
}  // namespace mrda::vpl
