// SPDX-License-Identifier: MIT
#include "mrda/interop/sync.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "interop/stand_in_sync_file.h"

namespace mrda {
namespace {

using test::StandInSyncFile;
using testing::HasSubstr;

static_assert(!std::is_copy_constructible_v<Sync>);
static_assert(!std::is_default_constructible_v<Sync>, "whoever hands a frame over must say");

constexpr std::uint64_t kMillisecond = 1'000'000;

TEST(Sync, idle_is_never_waited_for) {
    const Sync sync = Sync::idle();
    EXPECT_EQ(sync.kind(), Sync::Kind::idle);
    EXPECT_EQ(sync.name(), "idle");
    EXPECT_TRUE(sync.wait(0).ok());
}

TEST(Sync, a_sync_file_that_has_signalled_is_done_at_once) {
    StandInSyncFile file;
    file.signal();
    const Sync sync = Sync::sync_file(file.take());
    EXPECT_EQ(sync.name(), "sync_file");
    EXPECT_TRUE(sync.wait(0).ok());
    EXPECT_TRUE(sync.wait().ok());
}

TEST(Sync, a_wait_ends_at_its_deadline_and_can_be_repeated) {
    StandInSyncFile file;
    const Sync sync = Sync::sync_file(file.take());
    const auto started = std::chrono::steady_clock::now();
    const auto result = sync.wait(20 * kMillisecond);
    EXPECT_GE(std::chrono::steady_clock::now() - started, std::chrono::milliseconds(20));
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Errc::timeout);
    EXPECT_THAT(result.error().message, HasSubstr("within 20 ms"));
    file.signal();
    EXPECT_TRUE(sync.wait(0).ok());
}

TEST(Sync, a_wait_without_end_is_woken_by_the_signal) {
    StandInSyncFile file;
    const Sync sync = Sync::sync_file(file.take());
    const std::jthread signaller([&file] { file.signal(); });
    EXPECT_TRUE(sync.wait(kWaitForever).ok());
}

TEST(Sync, a_fence_that_failed_is_a_lost_device_and_no_success) {
    StandInSyncFile file;
    file.signal(-EIO);
    const auto result = Sync::sync_file(file.take()).wait();
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Errc::device_lost);
    EXPECT_EQ(result.error().native, EIO);
}

TEST(Sync, a_real_fence_of_the_kernels_is_waited_for) {
    // drivers/dma-buf/sw_sync.c: each open file is a timeline, on which fences wait for a value.
    struct CreateFence {
        std::uint32_t value;
        std::array<char, 32> name;
        std::int32_t fence;
    };
    constexpr const char* kPath = "/sys/kernel/debug/sync/sw_sync";
    const Fd timeline(::open(kPath, O_RDWR | O_CLOEXEC));
    if (!timeline) {
        GTEST_SKIP() << "no fence can be made here; " << kPath << ": " << std::strerror(errno);
    }
    CreateFence request{.value = 1, .name = {"mrda-test"}, .fence = -1};
    ASSERT_EQ(::ioctl(timeline.get(), _IOWR('W', 0, CreateFence), &request), 0);
    const Sync sync = Sync::sync_file(Fd(request.fence));
    const auto early = sync.wait(20 * kMillisecond);
    ASSERT_FALSE(early.ok());
    EXPECT_EQ(early.error().code, Errc::timeout);
    std::uint32_t step = 1;
    ASSERT_EQ(::ioctl(timeline.get(), _IOW('W', 1, std::uint32_t), &step), 0);
    EXPECT_TRUE(sync.wait().ok());
}

void expect_refused(const Sync& sync, const std::string& named) {
    const auto result = sync.wait();
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Errc::invalid_argument);
    EXPECT_THAT(result.error().message, HasSubstr(named));
}

TEST(Sync, a_moved_sync_file_refuses_to_wait_instead_of_hanging) {
    StandInSyncFile file;
    Sync sync = Sync::sync_file(file.take());
    const Sync moved = std::move(sync);
    expect_refused(sync, "fd -1 is not open");  // NOLINT(bugprone-use-after-move): the test.
}

TEST(Sync, a_closed_descriptor_is_named) {
    StandInSyncFile file;
    const int number = file.take().release();
    ASSERT_EQ(::close(number), 0);
    expect_refused(Sync::sync_file(Fd(number)), "fd " + std::to_string(number) + " is not open");
}

TEST(Sync, whatever_else_can_be_polled_is_no_sync_file_signalled_or_not) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const Fd writer(ends[1]);
    for (const int other : {ends[0], ::eventfd(0, EFD_CLOEXEC), ::eventfd(1, EFD_CLOEXEC)}) {
        expect_refused(Sync::sync_file(Fd(other)),
                       "fd " + std::to_string(other) + " is no sync_file");
    }
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
