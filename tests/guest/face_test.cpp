// SPDX-License-Identifier: MIT
#include "guest_fixture.h"
#include "mrda/guest/guest.hpp"

namespace mrda::guest::test {
namespace {

using testing::HasSubstr;

TEST_F(Guest, in_cpp_gives_back_what_goes_out_of_scope) {
    serve_scripted();
    auto session = Session::create(config_).value();
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(session.get_buffer(kSoon).value().valid());
    }
    auto buffer = session.get_buffer(kSoon).value();
    EXPECT_EQ(buffer.plane_count(), 2U);
    EXPECT_GE(buffer.pitch_bytes(0), 64U);
    EXPECT_TRUE(session.send_frame(buffer, 7).ok());
    EXPECT_FALSE(buffer.valid());
    ASSERT_TRUE(host().next().has_value());
    host().send_packet(2, "packet", 1, 7);
    {
        const auto received = session.receive(kSoon).value();
        ASSERT_EQ(received.status, Received::Status::packet);
        EXPECT_EQ(received.packet.data().size(), 6U);
        EXPECT_EQ(received.packet.pts(), 7);
        EXPECT_FALSE(received.packet.is_key_frame());
    }
    const auto released = host().next();
    ASSERT_TRUE(released.has_value());
    EXPECT_EQ(released->slot, 2U);
}

TEST_F(Guest, in_cpp_streams_to_the_end_and_begins_anew) {
    serve();
    auto session = Session::create(config_).value();
    EXPECT_EQ(session.receive(0).value().status, Received::Status::try_again);
    for (int round = 0; round < 2; ++round) {
        auto buffer = session.get_buffer(kSoon).value();
        EXPECT_TRUE(session.send_frame(buffer, round).ok());
        EXPECT_TRUE(session.send_end().ok());
        EXPECT_EQ(session.receive(kSoon).value().packet.pts(), round);
        EXPECT_EQ(session.receive(kSoon).value().status, Received::Status::end_of_stream);
        EXPECT_TRUE(session.reset(kSoon).value());
    }
    EXPECT_EQ(session.info().packets, 2U);
    EXPECT_TRUE(session.stop());
    EXPECT_EQ(session.receive(0).error().code, Errc::end_of_stream);
}

TEST_F(Guest, in_cpp_fails_with_an_error_of_ours) {
    config_.width_px = 0;
    const auto refused = Session::create(config_);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    EXPECT_THAT(refused.error().message, HasSubstr("width_px = 0"));
}

}  // namespace
}  // namespace mrda::guest::test
