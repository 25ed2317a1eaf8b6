// SPDX-License-Identifier: MIT
// A service that goes away, and one that comes back.
#include <chrono>
#include <cstring>
#include <thread>

#include "returning_service.h"

namespace mrda::guest::test {
namespace {

using ivshmem::FrameStatus;
using testing::HasSubstr;

TEST_F(ReturningService, that_stays_away_is_told_when_the_time_is_up) {
    config_.reattach_timeout_ns = 200 * kMs;
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    service_.reset();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(receive_nothing(session, UINT64_MAX), MRDA_GUEST_SERVICE_GONE);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("did not come back within 200 ms"));
    mrda_guest_buffer buffer{};
    EXPECT_EQ(mrda_guest_get_buffer(session.get(), &buffer, 0), MRDA_GUEST_SERVICE_GONE);
    EXPECT_EQ(mrda_guest_stop(session.get()), MRDA_GUEST_OK);
}

TEST_F(ReturningService, gets_its_session_again_and_lost_frames_are_counted) {
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    const auto first_id = info(session).session_id;
    const auto held = get_buffer(session);
    std::memcpy(held.planes[0], "held", 5);
    send(session, 1);
    send(session, 2);
    host().send_frame_done(host().next()->slot, FrameStatus::encoded);
    ASSERT_EQ(receive_nothing(session, 20 * kMs), MRDA_GUEST_TRY_AGAIN);

    restart();
    wait_until_back(session);
    send(session, 3);
    EXPECT_EQ(receive_value(session), 3U);

    EXPECT_STREQ(reinterpret_cast<const char*>(held.planes[0]), "held");
    EXPECT_EQ(reinterpret_cast<const char*>(host().input_slot(held.slot))[0], 'h')
        << "the application's buffer lies in the new host's memory";
    EXPECT_EQ(service_->last_request().resumes_session(), first_id);
    auto told = info(session);
    EXPECT_EQ(told.epoch, 2U);
    EXPECT_EQ(told.session_id, service_->last_session_id());
    EXPECT_EQ(told.reattached, 1U);
    EXPECT_EQ(told.frames_lost, 2U) << "also the one that was read: its packet never came";
    EXPECT_EQ(told.frames_encoded, 1U);

    *reinterpret_cast<std::uint64_t*>(held.planes[0]) = 4;
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &held, 0, 0), MRDA_GUEST_OK);
    EXPECT_EQ(receive_value(session), 4U);
    for (int i = 0; i < 4; ++i) {
        static_cast<void>(get_buffer(session));  // All slots are the guest's again.
    }
}

TEST_F(ReturningService, comes_back_more_than_once) {
    serve();
    const auto session = create_ok();
    for (std::uint64_t life = 1; life <= 4; ++life) {
        send(session, life);
        EXPECT_EQ(receive_value(session), life);
        ASSERT_TRUE(service_->wait_for_count("Watch", 1));
        restart();
        wait_until_back(session, life);
    }
    send(session, 9);
    EXPECT_EQ(receive_value(session), 9U);
    EXPECT_EQ(info(session).reattached, 4U);
    EXPECT_EQ(info(session).frames_lost, 0U);
}

TEST_F(ReturningService, gets_the_frames_that_were_sent_while_it_was_away) {
    serve();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    leave(session);
    for (std::uint64_t frame = 1; frame <= 4; ++frame) {
        send(session, frame);
    }
    mrda_guest_buffer none{};
    EXPECT_EQ(mrda_guest_get_buffer(session.get(), &none, 0), MRDA_GUEST_TRY_AGAIN);
    send_end(session);
    restart();
    for (std::uint64_t frame = 1; frame <= 4; ++frame) {
        EXPECT_EQ(receive_value(session), frame);
    }
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    EXPECT_EQ(info(session).frames_lost, 0U);
}

TEST_F(ReturningService, is_told_the_end_of_the_stream_again) {
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    send(session, 1);
    send_end(session);
    restart();
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    EXPECT_EQ(info(session).frames_lost, 1U);
}

TEST_F(ReturningService, changes_nothing_for_a_stream_that_had_ended) {
    serve();
    const auto session = create_ok();
    send(session, 1);
    send_end(session);
    EXPECT_EQ(receive_value(session), 1U);
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    leave(session);
    EXPECT_EQ(receive_nothing(session, 0), MRDA_GUEST_END);
}

TEST_F(ReturningService, that_forgot_the_session_is_asked_for_a_new_one) {
    Manners manners;
    manners.lease_ms = 60;
    manners.has_watch = false;
    serve(manners);
    const auto session = create_ok();
    send(session, 1);
    EXPECT_EQ(receive_value(session), 1U);
    service_->forget_sessions();
    wait_until_back(session);
    EXPECT_EQ(service_->count("Create"), 2);
    send(session, 2);
    EXPECT_EQ(receive_value(session), 2U);
    EXPECT_EQ(info(session).reattached, 1U);
}

TEST_F(ReturningService, that_had_only_been_silent_goes_on_with_the_same_session) {
    Manners manners;
    manners.lease_ms = 60;
    manners.unavailable_renewals = 4;
    serve(manners);
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Renew", 2));
    for (std::uint64_t frame = 1; frame <= 20; ++frame) {
        send(session, frame);
        EXPECT_EQ(receive_value(session), frame);
    }
    EXPECT_EQ(service_->count("Create"), 1);
    EXPECT_EQ(info(session).reattached, 0U);
    EXPECT_EQ(info(session).frames_lost, 0U);
}

TEST_F(ReturningService, needs_no_reset_that_was_asked_of_its_former_life) {
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    send(session, 1);
    EXPECT_EQ(mrda_guest_reset(session.get(), 0), MRDA_GUEST_TRY_AGAIN);
    ASSERT_TRUE(service_->wait_for_count("Reset", 1));
    restart();
    EXPECT_EQ(mrda_guest_reset(session.get(), kSoon), MRDA_GUEST_OK);
    EXPECT_EQ(service_->count("Reset"), 0);
    send(session, 2);
    EXPECT_EQ(receive_value(session), 2U);
}

TEST_F(ReturningService, with_another_layout_ends_the_session) {
    serve();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    Manners manners;
    manners.frame_alignment = 256;
    restart(manners);
    EXPECT_EQ(receive_nothing(session, kSoon), MRDA_GUEST_FAILED);
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("make a new session"));
}

TEST_F(ReturningService, that_refuses_the_session_ends_it_with_its_words) {
    serve();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    Manners manners;
    manners.create_status = {grpc::StatusCode::PERMISSION_DENIED, "you are no longer welcome"};
    restart(manners);
    EXPECT_EQ(receive_nothing(session, kSoon), MRDA_GUEST_DENIED);
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("no longer welcome"));
}

TEST_F(ReturningService, is_shown_the_token_that_it_wrote_when_it_started) {
    const auto write = [this](const char* token) {
        const std::string path = dir_.path() + "/default.token";
        std::ofstream(path) << token;
        ::chmod(path.c_str(), 0600);
    };
    Manners manners;
    manners.token = "first";
    write("first");
    serve(manners);
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    leave(session);
    write("second");
    manners.token = "second";
    restart(manners);
    send(session, 1);
    EXPECT_EQ(receive_value(session), 1U);
}

TEST_F(ReturningService, does_not_hold_an_application_that_stops) {
    config_.reattach_timeout_ns = 60 * kSecond;
    serve();
    auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    leave(session);
    std::thread stopper([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        EXPECT_EQ(mrda_guest_stop(session.get()), MRDA_GUEST_OK);
    });
    EXPECT_EQ(receive_nothing(session, UINT64_MAX), MRDA_GUEST_STOPPED);
    stopper.join();
    const auto begin = std::chrono::steady_clock::now();
    session.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

}  // namespace
}  // namespace mrda::guest::test
