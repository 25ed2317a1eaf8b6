// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "encoder_fixture.h"
#include "mrda/vpl/encoder.h"
#include "support/platform.h"

namespace mrda::vpl {
namespace {

using test::Coded;

class VplEncoderRestart : public test::EncoderTest, public testing::WithParamInterface<Codec> {
  protected:
    void SetUp() override {
        EncoderTest::SetUp();
        ASSERT_FALSE(HasFatalFailure());
        require(GetParam());
    }

    /// Submits pictures `first` to `last` with no look at packets but where the encoder is full.
    std::vector<Coded> submit_range(Encoder& encoder, std::int64_t first, std::int64_t last,
                                    std::int64_t key = -1) {
        std::vector<Coded> coded;
        for (std::int64_t number = first; number <= last; ++number) {
            while (encoder.full()) {
                const auto received = encoder.receive();
                if (!received || received->status != Received::Status::packet) {
                    ADD_FAILURE() << "a full encoder gives no packet";
                    return coded;
                }
                const Packet& packet = received->packet;
                coded.push_back({packet.pts, packet.dts, packet.data.size(), packet.key_frame});
            }
            submit(encoder, wait_for_free_surface(encoder), number,
                   number == key ? PictureKind::key : PictureKind::automatic);
        }
        return coded;
    }
};

TEST_P(VplEncoderRestart, a_key_frame_comes_where_it_is_asked_for_and_nowhere_else) {
    auto encoder = create(small_config(GetParam()));
    std::vector<Coded> coded = submit_range(*encoder, 0, 19, 7);
    for (const Coded& packet : drain(*encoder)) {
        coded.push_back(packet);
    }
    ASSERT_EQ(coded.size(), 20U);
    for (const Coded& packet : coded) {
        EXPECT_EQ(packet.key_frame, packet.pts == 0 || packet.pts == 7 * kFrameTicks)
            << "picture " << packet.pts / kFrameTicks;
    }
}

TEST_P(VplEncoderRestart, reset_drops_what_is_inside_frees_all_surfaces_and_begins_with_a_key) {
    auto encoder = create(small_config(GetParam()));
    submit_range(*encoder, 0, 5);
    const auto reset = encoder->reset();
    ASSERT_TRUE(reset.ok()) << to_string(reset.error());
    EXPECT_EQ(encoder->in_flight(), 0U);
    for (std::size_t index = 0; index < surface_count(); ++index) {
        EXPECT_FALSE(encoder->in_use(index)) << "surface " << index;
    }
    std::vector<Coded> coded = submit_range(*encoder, 100, 104);
    for (const Coded& packet : drain(*encoder)) {
        coded.push_back(packet);
    }
    ASSERT_EQ(coded.size(), 5U);
    for (std::size_t i = 0; i < coded.size(); ++i) {
        EXPECT_EQ(coded[i].pts, static_cast<std::int64_t>(100 + i) * kFrameTicks);
        EXPECT_EQ(coded[i].key_frame, i == 0);
    }
}

TEST_P(VplEncoderRestart, reset_opens_an_encoder_again_that_was_drained) {
    auto encoder = create(small_config(GetParam()));
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(encode(*encoder, 4).size(), 4U) << "round " << round;
        const auto reset = encoder->reset();
        ASSERT_TRUE(reset.ok()) << to_string(reset.error());
    }
}

TEST_P(VplEncoderRestart, reset_of_an_encoder_with_nothing_inside_is_fine) {
    auto encoder = create(small_config(GetParam()));
    EXPECT_TRUE(encoder->reset().ok());
    EXPECT_EQ(encode(*encoder, 2).size(), 2U);
}

TEST_P(VplEncoderRestart, what_the_codec_copied_before_a_reset_is_counted_on) {
    MRDA_ONLY_ON(software, "only MRDA's runtime reports that");
    auto encoder = create(small_config(GetParam()));
    ASSERT_EQ(encode(*encoder, 4).size(), 4U);
    const auto before = encoder->codec_copied_bytes();
    ASSERT_TRUE(encoder->reset().ok());
    EXPECT_EQ(encoder->codec_copied_bytes(), before);
    ASSERT_EQ(encode(*encoder, 4).size(), 4U);
    EXPECT_EQ(encoder->codec_copied_bytes(), 2 * before.value());
}

INSTANTIATE_TEST_SUITE_P(codecs, VplEncoderRestart,
                         testing::Values(Codec::avc, Codec::hevc, Codec::av1),
                         [](const auto& codec) { return std::string(to_string(codec.param)); });

}  // namespace
}  // namespace mrda::vpl
