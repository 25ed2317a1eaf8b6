// SPDX-License-Identifier: MIT
#include <chrono>
#include <thread>
#include <vector>

#include "guest_fixture.h"

namespace mrda::guest::test {
namespace {

using ivshmem::FrameStatus;
using ivshmem::GuestKind;
using ivshmem::HostKind;
using testing::HasSubstr;

std::uint64_t elapsed_ns(std::chrono::steady_clock::time_point since) {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds(std::chrono::steady_clock::now() - since).count());
}

TEST_F(Guest, gets_a_packet_for_each_frame_in_order_and_then_the_end) {
    serve();
    const auto session = create_ok();
    std::uint64_t received = 0;
    for (std::uint64_t frame = 1; frame <= 100; ++frame) {
        send(session, frame);
        mrda_guest_packet packet{};
        while (mrda_guest_receive(session.get(), &packet, 0) == MRDA_GUEST_OK) {
            EXPECT_EQ(value(packet), ++received);
            EXPECT_EQ(packet.pts, static_cast<std::int64_t>(received) * 3000);
            EXPECT_GT(packet.latency_ns, 0U);
            EXPECT_EQ(packet.flags, std::uint32_t{MRDA_GUEST_KEY_FRAME});
            mrda_guest_release(session.get(), &packet);
        }
    }
    send_end(session);
    while (received < 100) {
        EXPECT_EQ(receive_value(session), ++received);
    }
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    const auto told = info(session);
    EXPECT_EQ(told.frames_sent, 100U);
    EXPECT_EQ(told.frames_encoded, 100U);
    EXPECT_EQ(told.packets, 100U);
    EXPECT_EQ(told.frames_lost + told.frames_discarded + told.frames_failed, 0U);
    EXPECT_EQ(told.reattached, 0U);
}

TEST_F(Guest, may_have_several_sessions_each_in_a_thread_of_its_own) {
    serve();
    std::vector<std::thread> threads;
    for (std::uint64_t base : {1000U, 2000U, 3000U}) {
        threads.emplace_back([base] {
            mrda_guest_config config;
            mrda_guest_config_init(&config);
            config.codec = MRDA_GUEST_COPY;
            config.width_px = 64;
            config.height_px = 16;
            mrda_guest_session* made = nullptr;
            ASSERT_EQ(mrda_guest_create(&config, &made, nullptr, 0), MRDA_GUEST_OK);
            const SessionPtr session(made);
            for (std::uint64_t frame = base; frame < base + 100; ++frame) {
                send(session, frame);
                EXPECT_EQ(receive_value(session), frame);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

TEST_F(Guest, is_told_what_was_settled) {
    Manners manners;
    manners.forge = [](v1::CreateReply& reply, FakeHost&) {
        reply.add_notices("first");
        reply.add_notices("second");
    };
    serve(manners);
    config_.input_slots = 3;
    const auto session = create_ok();
    const auto told = info(session);
    EXPECT_EQ(told.session_id, service_->last_session_id());
    EXPECT_EQ(told.epoch, 1U);
    EXPECT_EQ(told.input_slots, 3U);
    EXPECT_EQ(told.output_slots, 4U);
    EXPECT_EQ(told.input_slot_bytes, 4096U);
    EXPECT_STREQ(told.path, "direct");
    EXPECT_STREQ(told.path_reason, "it is the best");
    EXPECT_STREQ(told.implementation, "fake");
    EXPECT_STREQ(told.notices, "first\nsecond");
    EXPECT_EQ(service_->last_request().wire().oldest_major(), ivshmem::kVersionMajor);
    EXPECT_EQ(service_->last_request().encode().gop_size(), 60U);
}

TEST_F(Guest, sends_no_message_per_frame) {
    serve();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    const auto before = info(session).rpc_count;
    for (std::uint64_t frame = 1; frame <= 1000; ++frame) {
        send(session, frame);
        EXPECT_EQ(receive_value(session), frame);
    }
    EXPECT_EQ(before, 2U) << "one to create, one to watch";
    EXPECT_EQ(info(session).rpc_count, before);
}

TEST_F(Guest, renews_its_lease_while_the_application_does_nothing) {
    Manners manners;
    manners.lease_ms = 60;
    serve(manners);
    const auto session = create_ok();
    EXPECT_TRUE(service_->wait_for_count("Renew", 4));
}

TEST_F(Guest, says_try_again_when_all_buffers_are_in_use) {
    serve_scripted();
    const auto session = create_ok();
    mrda_guest_buffer buffer{};
    for (int i = 0; i < 4; ++i) {
        buffer = get_buffer(session);
    }
    mrda_guest_buffer none{};
    EXPECT_EQ(mrda_guest_get_buffer(session.get(), &none, 0), MRDA_GUEST_TRY_AGAIN);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(mrda_guest_get_buffer(session.get(), &none, 30 * kMs), MRDA_GUEST_TRY_AGAIN);
    EXPECT_GE(elapsed_ns(begin), 30 * kMs);
    EXPECT_EQ(mrda_guest_return_buffer(session.get(), &buffer), MRDA_GUEST_OK);
    EXPECT_EQ(get_buffer(session).slot, buffer.slot);
}

TEST_F(Guest, takes_in_packets_while_it_waits_for_a_buffer) {
    serve_scripted();
    const auto session = create_ok();
    for (std::uint64_t frame = 1; frame <= 4; ++frame) {
        send(session, frame);
    }
    const auto first = host().next();
    ASSERT_TRUE(first.has_value());
    std::thread host_side([&] {
        host().send_packet(2, "packet", first->cookie, 77);
        host().send_frame_done(first->slot, FrameStatus::encoded);
    });
    EXPECT_EQ(get_buffer(session).slot, first->slot);
    host_side.join();
    const auto packet = receive(session);
    EXPECT_EQ(text(packet), "packet");
    EXPECT_EQ(packet.pts, 77);
    EXPECT_GT(packet.latency_ns, 0U);
}

TEST_F(Guest, does_not_wait_for_a_buffer_while_the_host_waits_for_output_slots) {
    serve_scripted();
    const auto session = create_ok();
    for (std::uint64_t frame = 1; frame <= 4; ++frame) {
        send(session, frame);
        host().send_packet(static_cast<std::uint32_t>(frame - 1), "full", frame);
    }
    mrda_guest_buffer none{};
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(mrda_guest_get_buffer(session.get(), &none, 60 * kSecond), MRDA_GUEST_TRY_AGAIN);
    EXPECT_LT(elapsed_ns(begin), kSoon);
}

TEST_F(Guest, gives_a_released_slot_back_to_the_host) {
    serve_scripted();
    const auto session = create_ok();
    send(session, 1);
    ASSERT_EQ(host().next()->kind, static_cast<std::uint16_t>(GuestKind::frame));
    host().send_packet(3, "one", 1);
    const auto packet = receive(session);
    EXPECT_EQ(mrda_guest_release(session.get(), &packet), MRDA_GUEST_OK);
    const auto released = host().next();
    ASSERT_TRUE(released.has_value());
    EXPECT_EQ(released->kind, static_cast<std::uint16_t>(GuestKind::release));
    EXPECT_EQ(released->slot, 3U);
}

TEST_F(Guest, asks_for_a_key_frame_where_the_application_does) {
    serve_scripted();
    const auto session = create_ok();
    const auto buffer = get_buffer(session);
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &buffer, 5, MRDA_GUEST_KEY_FRAME),
              MRDA_GUEST_OK);
    const auto frame = host().next();
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(frame->flags, ivshmem::kFlagKeyFrame);
    EXPECT_EQ(frame->pts, 5);
    EXPECT_EQ(frame->bytes, host().frame().size_bytes());
}

TEST_F(Guest, counts_a_frame_that_the_codec_could_not_encode) {
    serve_scripted();
    const auto session = create_ok();
    send(session, 1);
    host().send_frame_done(host().next()->slot, FrameStatus::failed);
    EXPECT_EQ(receive_nothing(session, 50 * kMs), MRDA_GUEST_TRY_AGAIN);
    EXPECT_EQ(info(session).frames_failed, 1U);
}

TEST_F(Guest, gets_frames_back_discarded_by_a_reset) {
    serve_scripted();
    const auto session = create_ok();
    for (std::uint64_t frame = 1; frame <= 3; ++frame) {
        send(session, frame);
    }
    // One is encoded and not received, one is inside the codec, one was never looked at.
    host().send_packet(0, "old", 1);
    host().send_frame_done(host().next()->slot, FrameStatus::encoded);
    host().send_frame_done(host().next()->slot, FrameStatus::encoded);
    std::thread host_side([&] {
        ASSERT_TRUE(service_->wait_for_count("Reset", 1));
        host().send_frame_done(host().next()->slot, FrameStatus::discarded);
        host().send(HostKind::reset_done);
    });
    EXPECT_EQ(mrda_guest_reset(session.get(), kSoon), MRDA_GUEST_OK)
        << mrda_guest_last_error(session.get());
    host_side.join();
    EXPECT_EQ(info(session).frames_discarded, 3U);
    EXPECT_EQ(receive_nothing(session, 0), MRDA_GUEST_TRY_AGAIN);
    const auto released = host().next();
    ASSERT_TRUE(released.has_value()) << "the packet's slot is the host's again";
    EXPECT_EQ(released->kind, static_cast<std::uint16_t>(GuestKind::release));
    send(session, 4);
    host().send_packet(0, "new", 4);
    EXPECT_EQ(text(receive(session)), "new");
}

TEST_F(Guest, goes_on_with_a_reset_that_took_longer_than_its_time) {
    serve_scripted();
    const auto session = create_ok();
    EXPECT_EQ(mrda_guest_reset(session.get(), 0), MRDA_GUEST_TRY_AGAIN);
    const auto buffer = get_buffer(session);
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &buffer, 0, 0), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("reset is under way"));
    ASSERT_TRUE(service_->wait_for_count("Reset", 1));
    host().send(HostKind::reset_done);
    EXPECT_EQ(mrda_guest_reset(session.get(), kSoon), MRDA_GUEST_OK);
    EXPECT_EQ(service_->count("Reset"), 1);
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &buffer, 0, 0), MRDA_GUEST_OK);
}

TEST_F(Guest, begins_anew_with_a_reset_after_the_end) {
    serve();
    const auto session = create_ok();
    send(session, 1);
    send_end(session);
    EXPECT_EQ(receive_value(session), 1U);
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
    const auto buffer = get_buffer(session);
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &buffer, 0, 0), MRDA_GUEST_BAD_ARGUMENT);
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("after the end"));
    EXPECT_EQ(mrda_guest_return_buffer(session.get(), &buffer), MRDA_GUEST_OK);
    EXPECT_EQ(mrda_guest_reset(session.get(), kSoon), MRDA_GUEST_OK);
    send(session, 2);
    EXPECT_EQ(receive_value(session), 2U);
    send_end(session);
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_END);
}

}  // namespace
}  // namespace mrda::guest::test
