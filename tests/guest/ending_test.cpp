// SPDX-License-Identifier: MIT
// How sessions end: by the application, by the host, by an administrator, by garbage.
#include <chrono>
#include <ostream>
#include <thread>

#include "guest_fixture.h"

namespace mrda::guest::test {
namespace {

using testing::HasSubstr;

TEST_F(Guest, returns_from_a_wait_when_another_thread_stops_it) {
    serve_scripted();
    const auto session = create_ok();
    std::thread stopper([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        EXPECT_EQ(mrda_guest_stop(session.get()), MRDA_GUEST_OK);
    });
    EXPECT_EQ(receive_nothing(session, UINT64_MAX), MRDA_GUEST_STOPPED);
    stopper.join();
    mrda_guest_buffer buffer{};
    EXPECT_EQ(mrda_guest_get_buffer(session.get(), &buffer, UINT64_MAX), MRDA_GUEST_STOPPED);
    EXPECT_EQ(mrda_guest_reset(session.get(), UINT64_MAX), MRDA_GUEST_STOPPED);
    EXPECT_EQ(mrda_guest_stop(session.get()), MRDA_GUEST_OK);
    EXPECT_EQ(service_->count("Stop"), 1);
}

TEST_F(Guest, stops_its_session_when_it_is_destroyed) {
    serve();
    create_ok().reset();
    EXPECT_EQ(service_->count("Stop"), 1);
}

TEST_F(Guest, says_what_the_service_says_of_a_session_that_failed) {
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    std::thread host_side([&] {
        host().fail(Errc::io);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        service_->tell(v1::SESSION_STATE_FAILED, "the encoder has a cold");
    });
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_FAILED);
    host_side.join();
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("the encoder has a cold"));
    mrda_guest_buffer buffer{};
    EXPECT_EQ(mrda_guest_get_buffer(session.get(), &buffer, 0), MRDA_GUEST_FAILED);
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("the encoder has a cold"));
}

TEST_F(Guest, holds_no_call_that_does_not_wait_while_the_words_for_a_failure_are_on_their_way) {
    serve_scripted();
    const auto session = create_ok();
    const auto buffer = get_buffer(session);
    const auto begin = std::chrono::steady_clock::now();
    host().fail(Errc::corrupt);
    EXPECT_EQ(receive_nothing(session, 0), MRDA_GUEST_TRY_AGAIN);
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &buffer, 0, 0), MRDA_GUEST_OK);
    mrda_guest_buffer none{};
    EXPECT_EQ(mrda_guest_get_buffer(session.get(), &none, 0), MRDA_GUEST_TRY_AGAIN);
    send_end(session);
    EXPECT_EQ(mrda_guest_reset(session.get(), 0), MRDA_GUEST_TRY_AGAIN);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(400));
    EXPECT_EQ(receive_nothing(session, UINT64_MAX), MRDA_GUEST_FAILED)
        << "at some time it ends without words";
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("failed on the host: corrupt"));
}

TEST_F(Guest, hears_of_a_worker_that_died_without_a_word) {
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    std::thread host_side([&] { service_->tell(v1::SESSION_STATE_FAILED, "ended by signal 11"); });
    EXPECT_EQ(receive_nothing(session, UINT64_MAX), MRDA_GUEST_FAILED);
    host_side.join();
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr("signal 11"));
}

TEST_F(Guest, hears_of_an_administrator_who_stops_it) {
    serve_scripted();
    const auto session = create_ok();
    ASSERT_TRUE(service_->wait_for_count("Watch", 1));
    std::thread host_side([&] { service_->tell(v1::SESSION_STATE_STOPPED); });
    EXPECT_EQ(receive_nothing(session, UINT64_MAX), MRDA_GUEST_STOPPED);
    host_side.join();
}

struct Garbage {
    const char* name;
    ivshmem::Descriptor descriptor;
    const char* words;
};
void PrintTo(const Garbage& garbage, std::ostream* out) {
    *out << garbage.name;
}

class GarbageFromHost : public Guest, public testing::WithParamInterface<Garbage> {};

TEST_P(GarbageFromHost, ends_the_session_and_is_named) {
    serve_scripted();
    const auto session = create_ok();
    host().send(GetParam().descriptor);
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_FAILED);
    EXPECT_THAT(mrda_guest_last_error(session.get()), HasSubstr(GetParam().words));
    EXPECT_EQ(receive_nothing(session), MRDA_GUEST_FAILED);
}

ivshmem::Descriptor descriptor(std::uint16_t kind, std::uint32_t slot = 0, std::uint64_t bytes = 0,
                               std::uint16_t flags = 0, std::uint32_t status = 0) {
    ivshmem::Descriptor made{};
    made.kind = kind;
    made.slot = slot;
    made.bytes = bytes;
    made.flags = flags;
    made.status = status;
    return made;
}

INSTANTIATE_TEST_SUITE_P(
    Guest, GarbageFromHost,
    testing::Values(Garbage{"kind", descriptor(99), "kind 99"},
                    Garbage{"slot", descriptor(16, 4), "output slot 4 of 4"},
                    Garbage{"bytes", descriptor(16, 0, 65537), "65537 bytes in a slot"},
                    Garbage{"flags", descriptor(16, 0, 0, 6), "flags 6"},
                    Garbage{"replay", descriptor(17, 1), "input slot 1, which is not its own"},
                    Garbage{"status", descriptor(17, 0, 0, 0, 9), "frame status 9"},
                    Garbage{"end", descriptor(18, 0, 0, 0, 2), "end status 2"},
                    Garbage{"reset", descriptor(19), "reset_done that nobody asked for"}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace mrda::guest::test
