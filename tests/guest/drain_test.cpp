// SPDX-License-Identifier: MIT
// Streams that end because somebody else had the service drain the session.
#include <chrono>
#include <thread>

#include "guest_fixture.h"

namespace mrda::guest::test {
namespace {

using ivshmem::EndStatus;
using ivshmem::FrameStatus;
using ivshmem::GuestKind;
using ivshmem::HostKind;
using testing::HasSubstr;

/// Two frames are sent; the host has the command to drain when it has taken the first.
class DrainedGuest : public Guest {
  protected:
    SessionPtr begin() {
        serve_scripted();
        auto session = create_ok();
        EXPECT_TRUE(service_->wait_for_count("Watch", 1));
        send(session, 1);
        send(session, 2);
        host().send_packet(0, "one", 1);
        host().send_frame_done(host().next()->slot, FrameStatus::encoded);
        refused_slot_ = host().next()->slot;
        return session;
    }
    /// Asks for a reset, and answers as a worker that gives back what it had dropped.
    void reset(const SessionPtr& session) {
        std::thread host_side([&] {
            ASSERT_TRUE(service_->wait_for_count("Reset", 1));
            service_->tell(v1::SESSION_STATE_RUNNING);
            host().send_frame_done(refused_slot_, FrameStatus::discarded);
            host().send(HostKind::reset_done);
        });
        EXPECT_EQ(mrda_guest_reset(session.get(), kSoon), MRDA_GUEST_OK)
            << mrda_guest_last_error(session.get());
        host_side.join();
    }
    /// The host's next message but releases.
    GuestKind next_kind() {
        for (;;) {
            const auto next = host().next();
            const auto kind = static_cast<GuestKind>(next ? next->kind : 0);
            if (kind != GuestKind::release) {
                return kind;
            }
        }
    }

    std::uint32_t refused_slot_ = 0;
};

TEST_F(DrainedGuest, receives_what_was_taken_and_then_the_end) {
    const auto session = begin();
    service_->tell(v1::SESSION_STATE_DRAINING);
    host().send_end(EndStatus::commanded);
    const auto packet = receive(session);
    EXPECT_EQ(text(packet), "one");
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    EXPECT_EQ(info(session).frames_encoded, 1U);
    EXPECT_EQ(info(session).frames_discarded, 1U) << "the one that the host did not take";
    EXPECT_EQ(info(session).frames_lost, 0U);
}

TEST_F(DrainedGuest, is_refused_more_frames_by_name_and_waits_for_no_buffer) {
    const auto session = begin();
    service_->tell(v1::SESSION_STATE_DRAINING);
    host().send_end(EndStatus::commanded);
    EXPECT_EQ(text(receive(session)), "one");
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    mrda_guest_buffer buffer{};
    for (int i = 0; i < 3; ++i) {
        buffer = get_buffer(session);
    }
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &buffer, 0, 0), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("drain the session"));
    mrda_guest_buffer none{};
    EXPECT_EQ(mrda_guest_get_buffer(session.get(), &none, UINT64_MAX), MRDA_GUEST_BAD_ARGUMENT)
        << "the fourth slot is the host's until a reset";
}

TEST_F(DrainedGuest, is_not_kept_from_the_last_packets_by_a_wait_for_a_buffer) {
    const auto session = begin();
    service_->tell(v1::SESSION_STATE_DRAINING);
    host().send_end(EndStatus::commanded);
    for (int i = 0; i < 3; ++i) {
        get_buffer(session);
    }
    mrda_guest_buffer none{};
    EXPECT_EQ(mrda_guest_get_buffer(session.get(), &none, UINT64_MAX), MRDA_GUEST_TRY_AGAIN);
    EXPECT_EQ(text(receive(session)), "one");
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
}

TEST_F(DrainedGuest, hears_of_the_command_while_it_waits_for_packets) {
    const auto session = begin();
    host().send_end(EndStatus::commanded);
    EXPECT_EQ(text(receive(session)), "one");
    EXPECT_EQ(receive_nothing(session, 0), MRDA_GUEST_TRY_AGAIN)
        << "the service may be about to close";
    send(session, 3);
    std::thread host_side([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        service_->tell(v1::SESSION_STATE_DRAINING);
    });
    EXPECT_EQ(receive_nothing(session, UINT64_MAX), MRDA_GUEST_END);
    host_side.join();
    EXPECT_EQ(info(session).frames_discarded, 2U) << "also the one that waited";
}

TEST_F(DrainedGuest, begins_anew_with_a_reset) {
    const auto session = begin();
    service_->tell(v1::SESSION_STATE_DRAINING);
    host().send_end(EndStatus::commanded);
    EXPECT_EQ(text(receive(session)), "one");
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    reset(session);
    for (std::uint64_t frame = 3; frame <= 6; ++frame) {
        send(session, frame);  // All slots are the guest's again.
        EXPECT_EQ(next_kind(), GuestKind::frame);
    }
    EXPECT_EQ(info(session).frames_discarded, 1U) << "not once more with its slot";
}

TEST_F(DrainedGuest, begins_anew_with_a_reset_also_where_it_was_not_told_why) {
    const auto session = begin();
    host().send_end(EndStatus::commanded);
    EXPECT_EQ(text(receive(session)), "one");
    EXPECT_EQ(receive_nothing(session, 0), MRDA_GUEST_TRY_AGAIN);
    reset(session);
    send(session, 3);
    EXPECT_EQ(next_kind(), GuestKind::frame);
    send_end(session);
    EXPECT_EQ(next_kind(), GuestKind::end_of_stream);
}

TEST_F(DrainedGuest, sends_an_ended_stream_to_no_other_host) {
    const auto session = begin();
    service_->tell(v1::SESSION_STATE_DRAINING);
    host().send_end(EndStatus::commanded);
    EXPECT_EQ(text(receive(session)), "one");
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    Manners manners;
    manners.epoch = 2;
    serve(manners);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (info(session).reattached == 0) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        EXPECT_EQ(receive_nothing(session, kMs), MRDA_GUEST_END);
    }
    EXPECT_EQ(mrda_guest_reset(session.get(), kSoon), MRDA_GUEST_OK);
    send(session, 3);
    EXPECT_EQ(receive_value(session), 3U);
    EXPECT_EQ(info(session).frames_lost, 0U);
    EXPECT_EQ(info(session).frames_discarded, 1U);
}

TEST_F(Guest, does_not_take_the_draining_of_a_stream_that_it_ended_for_a_command) {
    serve();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    send(session, 1);
    send_end(session);
    EXPECT_EQ(receive_value(session), 1U);
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    service_->tell(v1::SESSION_STATE_DRAINING);
    EXPECT_EQ(mrda_guest_reset(session.get(), kSoon), MRDA_GUEST_OK);
    EXPECT_EQ(receive_nothing(session, 50 * kMs), MRDA_GUEST_TRY_AGAIN);
    send(session, 2);
    EXPECT_EQ(receive_value(session), 2U);
    EXPECT_EQ(info(session).frames_discarded, 0U);
}

}  // namespace
}  // namespace mrda::guest::test
