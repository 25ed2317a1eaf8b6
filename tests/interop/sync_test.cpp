// SPDX-License-Identifier: MIT
#include "mrda/interop/sync.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>
#include <type_traits>
#include <vector>

namespace mrda {
namespace {

using testing::HasSubstr;

static_assert(!std::is_copy_constructible_v<Sync>);
static_assert(!std::is_default_constructible_v<Sync>, "whoever hands a frame over must say");

constexpr std::uint64_t kMillisecond = 1'000'000;

// An eventfd is readable once it was written, as a sync_file is once it has signalled.
Fd unsignalled() {
    return Fd(::eventfd(0, EFD_CLOEXEC));
}

TEST(Sync, idle_is_never_waited_for) {
    const Sync sync = Sync::idle();
    EXPECT_EQ(sync.kind(), Sync::Kind::idle);
    EXPECT_EQ(sync.name(), "idle");
    EXPECT_TRUE(sync.wait(0).ok());
}

TEST(Sync, a_sync_file_that_has_signalled_is_done_at_once) {
    const Sync sync = Sync::sync_file(Fd(::eventfd(1, EFD_CLOEXEC)));
    EXPECT_EQ(sync.name(), "sync_file");
    EXPECT_TRUE(sync.wait(0).ok());
    EXPECT_TRUE(sync.wait().ok());
}

TEST(Sync, a_wait_ends_at_its_deadline_and_can_be_repeated) {
    Fd event = unsignalled();
    const int number = event.get();
    const Sync sync = Sync::sync_file(std::move(event));
    const auto started = std::chrono::steady_clock::now();
    const auto result = sync.wait(20 * kMillisecond);
    EXPECT_GE(std::chrono::steady_clock::now() - started, std::chrono::milliseconds(20));
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Errc::timeout);
    EXPECT_THAT(result.error().message, HasSubstr("within 20 ms"));
    ASSERT_EQ(::eventfd_write(number, 1), 0);
    EXPECT_TRUE(sync.wait(0).ok());
}

TEST(Sync, a_wait_without_end_is_woken_by_the_signal) {
    Fd event = unsignalled();
    const int number = event.get();
    const Sync sync = Sync::sync_file(std::move(event));
    const std::jthread signaller([number] { ::eventfd_write(number, 1); });
    EXPECT_TRUE(sync.wait(kWaitForever).ok());
}

TEST(Sync, a_moved_sync_file_refuses_to_wait_instead_of_hanging) {
    Sync sync = Sync::sync_file(unsignalled());
    const Sync moved = std::move(sync);
    const auto result = sync.wait();  // NOLINT(bugprone-use-after-move): that is the test.
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Errc::invalid_argument);
    EXPECT_THAT(result.error().message, HasSubstr("fd -1"));
}

TEST(Sync, a_closed_descriptor_is_named) {
    Fd event = unsignalled();
    const int number = event.release();
    ASSERT_EQ(::close(number), 0);
    Sync sync = Sync::sync_file(Fd(number));
    const auto result = sync.wait();
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Errc::invalid_argument);
    EXPECT_THAT(result.error().message, HasSubstr("fd " + std::to_string(number)));
}

TEST(Sync, a_descriptor_that_ends_without_a_signal_is_no_success) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const Sync sync = Sync::sync_file(Fd(ends[0]));
    ASSERT_EQ(::close(ends[1]), 0);
    const auto result = sync.wait();
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Errc::invalid_argument);
}

struct Call {
    std::uint64_t id;
    std::uint64_t timeout_ns;
};

Result<void> note_call(void* object, std::uint64_t id, std::uint64_t timeout_ns) {
    static_cast<std::vector<Call>*>(object)->push_back({id, timeout_ns});
    if (id == 13) {
        return make_error(Errc::device_lost, "surface 13 is gone");
    }
    return {};
}

TEST(Sync, pending_work_is_waited_for_by_its_own_api) {
    std::vector<Call> calls;
    EXPECT_TRUE(Sync::pending(Sync::Kind::surface, &calls, 7, note_call).wait(5).ok());
    const Sync event = Sync::pending(Sync::Kind::event, &calls, 13, note_call);
    EXPECT_EQ(event.name(), "event");
    const auto failed = event.wait();
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, Errc::device_lost);
    ASSERT_EQ(calls.size(), 2U);
    EXPECT_EQ(calls[0].id, 7U);
    EXPECT_EQ(calls[0].timeout_ns, 5U);
    EXPECT_EQ(calls[1].timeout_ns, kWaitForever);
}

}  // namespace
}  // namespace mrda
