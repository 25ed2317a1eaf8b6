// SPDX-License-Identifier: MIT
// What becomes of frames, buffers and packets that lay in the memory of a service that went away.
#include <cstring>
#include <fstream>

#include "returning_service.h"

namespace mrda::guest::test {
namespace {

using ivshmem::EndStatus;
using ivshmem::FrameStatus;
using ivshmem::GuestKind;

TEST_F(ReturningService, that_closed_in_order_gets_the_frames_that_it_had_not_taken) {
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    send(session, 1);
    send(session, 2);
    const auto first = host().next();
    host().send_packet(0, "one", 1);
    host().send_frame_done(first->slot, FrameStatus::encoded);
    host().send_end(EndStatus::commanded);
    EXPECT_EQ(text(receive(session)), "one");
    EXPECT_EQ(receive_nothing(session, 0), MRDA_GUEST_TRY_AGAIN)
        << "the application has not ended the stream";
    send(session, 3);
    restart();
    EXPECT_EQ(receive_value(session), 2U);
    EXPECT_EQ(receive_value(session), 3U);
    send_end(session);
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    EXPECT_EQ(info(session).frames_lost, 0U);
    EXPECT_EQ(info(session).frames_encoded, 3U);
}

TEST_F(ReturningService, that_closed_while_the_stream_ended_gets_the_rest_of_it) {
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    send(session, 1);
    send(session, 2);
    send_end(session);
    const auto first = host().next();
    host().send_packet(0, "one", 1);
    host().send_frame_done(first->slot, FrameStatus::encoded);
    host().send_end(EndStatus::commanded);
    EXPECT_EQ(text(receive(session)), "one");
    EXPECT_EQ(receive_nothing(session, 0), MRDA_GUEST_TRY_AGAIN)
        << "the end is the host's, which has not taken everything";
    restart();
    EXPECT_EQ(receive_value(session), 2U);
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    EXPECT_EQ(info(session).frames_lost, 0U);
    EXPECT_EQ(info(session).frames_encoded, 2U);
}

TEST_F(ReturningService, is_not_given_a_frame_whose_packet_had_come) {
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    send(session, 1);
    host().send_packet(0, "one", 1);  // Its codec has not let go of the frame's slot.
    host().send_end(EndStatus::commanded);
    EXPECT_EQ(text(receive(session)), "one");
    restart();
    wait_until_back(session);
    send(session, 2);
    EXPECT_EQ(receive_value(session), 2U);
    EXPECT_EQ(info(session).frames_lost, 0U);
    EXPECT_EQ(info(session).frames_encoded, 2U);
}

TEST_F(ReturningService, leaves_packets_readable_until_they_are_released) {
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    for (std::uint64_t frame = 1; frame <= 3; ++frame) {
        send(session, frame);
        host().next();
    }
    host().send_packet(0, "held", 1);
    const auto held = receive(session);
    host().send_packet(1, "came", 2);

    restart_scripted();
    wait_until_back(session);
    const auto came = receive(session);
    EXPECT_EQ(text(came), "came") << "it was whole before the service went";
    EXPECT_EQ(text(held), "held");
    EXPECT_EQ(receive_nothing(session, 0), MRDA_GUEST_TRY_AGAIN);
    EXPECT_EQ(info(session).reattached, 1U);
    EXPECT_EQ(info(session).frames_lost, 1U);
    send(session, 4);
    ASSERT_EQ(host().next()->kind, static_cast<std::uint16_t>(GuestKind::frame));
    host().send_packet(0, "new", 4);
    EXPECT_EQ(text(receive(session)), "new");
    EXPECT_EQ(text(held), "held");
    EXPECT_EQ(mrda_guest_release(session.get(), &held), MRDA_GUEST_OK);
    EXPECT_EQ(mrda_guest_release(session.get(), &held), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_EQ(mrda_guest_release(session.get(), &came), MRDA_GUEST_OK);
}

TEST_F(ReturningService, that_had_emptied_its_memory_loses_what_nobody_had_received) {
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    send(session, 1);
    host().send_packet(0, "came", 1);
    EXPECT_EQ(receive_nothing(session, 0), MRDA_GUEST_OK);
    send(session, 2);
    host().send_packet(1, "came", 2);
    mrda_guest_buffer buffer = get_buffer(session);  // Takes the packet in.
    mrda_guest_return_buffer(session.get(), &buffer);
    host().empty_memory();
    restart();
    wait_until_back(session);
    EXPECT_EQ(receive_nothing(session, 0), MRDA_GUEST_TRY_AGAIN);
    EXPECT_EQ(info(session).frames_encoded, 1U);
    EXPECT_EQ(info(session).frames_lost, 1U);
}

TEST_F(ReturningService, that_had_emptied_its_memory_is_sent_no_zeros) {
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    const auto held = get_buffer(session);
    send(session, 1);
    host().send_end(EndStatus::commanded);
    EXPECT_EQ(receive_nothing(session, 0), MRDA_GUEST_TRY_AGAIN);
    send(session, 2);  // The host takes no more: it waits for the next one.
    host().empty_memory();
    restart();
    wait_until_back(session);
    send(session, 3);
    EXPECT_EQ(receive_value(session), 3U) << "neither of the others is there any more";
    EXPECT_EQ(info(session).frames_lost, 2U);
    EXPECT_EQ(info(session).frames_encoded, 1U);

    *reinterpret_cast<std::uint64_t*>(held.planes[0]) = 4;
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &held, 0, 0), MRDA_GUEST_OK);
    EXPECT_EQ(receive_value(session), 4U) << "the buffer stayed the application's";
    for (int i = 0; i < 4; ++i) {
        static_cast<void>(get_buffer(session));  // All slots are the guest's again.
    }
}

TEST_F(ReturningService, whose_memory_is_a_file_shows_nobody_what_others_wrote_there) {
    const std::string path = dir_.path() + "/region";
    serve(in_a_file(path));
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    const auto layout = host().layout();
    const auto held = get_buffer(session);
    std::memcpy(held.planes[0], "mine", 5);
    leave(session);
    send(session, 1);
    {
        // As another session, whose slots lie where these were, and not its first page.
        std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(layout.input_slot_offset(0)));
        file << std::string(layout.input_slots() * layout.input_slot_bytes(), 'B');
    }
    ASSERT_EQ(held.planes[0][0], 'B');
    restart();
    wait_until_back(session);
    EXPECT_NE(held.planes[0][0], 'B');
    send(session, 2);
    EXPECT_EQ(receive_value(session), 2U);
    EXPECT_EQ(info(session).frames_lost, 1U);
    EXPECT_EQ(info(session).frames_encoded, 1U);
}

}  // namespace
}  // namespace mrda::guest::test
