// SPDX-License-Identifier: MIT
#include "pipeline.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <thread>

#include "pipeline_fixture.h"

namespace mrda::service {
namespace {

using ivshmem::EndStatus;
using ivshmem::FrameStatus;
using ivshmem::HostKind;
using test::small_params;
using testing::HasSubstr;

using WorkerPipeline = test::PipelineTest;

/// A worker that cannot finish draining before its guest releases the one output slot.
class DrainedPipeline : public test::PipelineTest {
  protected:
    DrainedPipeline() {
        create(small_params("copy"), {.input_slots = 4, .output_slots = 1});
        guest().release_at_once = false;
        send_pictures(0, 1);
        run();
        while (guest().packets.empty() || guest().done() < 1) {
            EXPECT_TRUE(guest().take(30'000'000'000));
        }
    }
    /// Waits until the worker has obeyed and taken all that was before.
    void settle() {
        for (std::ptrdiff_t answers = count_stats() + 1, last = answers + 1; answers <= last;
             ++answers) {
            pipeline().request(WorkerCommand::stats);
            while (count_stats() < answers) {
                std::this_thread::yield();
            }
        }
    }
    void command_drain() {
        pipeline().request(WorkerCommand::drain);
        settle();
    }
    /// Lets it finish; whose end it was.
    EndStatus end() {
        guest().release(0);
        EXPECT_TRUE(guest().take_until(HostKind::end_of_stream));
        return static_cast<EndStatus>(guest().ended_with.value());
    }

  private:
    std::ptrdiff_t count_stats() {
        const auto told = events();
        return std::count_if(told.begin(), told.end(), [](const WorkerEvent& event) {
            return event.kind == WorkerEvent::Kind::stats;
        });
    }
};

TEST_F(WorkerPipeline, gives_each_frame_back_and_a_packet_for_each_in_order) {
    create(small_params("copy"));
    run();
    encode(100);
    EXPECT_EQ(guest().done(), 100U);
    EXPECT_EQ(guest().done_by_status[0], 100U);
    ASSERT_EQ(guest().packets.size(), 100U);
    for (std::uint64_t i = 0; i < 100; ++i) {
        const auto& packet = guest().packets[i];
        EXPECT_EQ(packet.cookie, 1000 + i);
        EXPECT_EQ(guest().done_cookies[i], 1000 + i);
        EXPECT_EQ(packet.pts, static_cast<std::int64_t>(3000 * i));
        std::uint64_t number = 0;
        ASSERT_EQ(packet.data.size(), 16U);
        std::memcpy(&number, packet.data.data(), sizeof number);
        EXPECT_EQ(number, i);
    }
    EXPECT_TRUE(stop().ok());
}

TEST_F(WorkerPipeline, counts_what_it_did_and_says_when_it_has_drained) {
    create(small_params("copy"));
    EXPECT_EQ(pipeline().running_event().path, "direct");
    EXPECT_EQ(pipeline().running_event().kind, WorkerEvent::Kind::running);
    run();
    encode(10);
    EXPECT_TRUE(stop().ok());
    const WorkerEvent stats = pipeline().stats();
    EXPECT_EQ(stats.frames, 10U);
    EXPECT_EQ(stats.packets, 10U);
    EXPECT_EQ(stats.bytes, 160U);
    ASSERT_EQ(events().size(), 2U);
    EXPECT_EQ(events()[0].kind, WorkerEvent::Kind::drained);
    EXPECT_EQ(events()[0].packets, 10U);
    EXPECT_EQ(events()[1].kind, WorkerEvent::Kind::stats);  // Its last words.
    EXPECT_EQ(events()[1].frames, 10U);
}

TEST_F(WorkerPipeline, ends_a_stream_of_no_frame) {
    create(small_params("copy"));
    run();
    encode(0);
    EXPECT_TRUE(guest().packets.empty());
}

TEST_F(DrainedPipeline, says_whose_end_it_is_where_it_had_the_command_before_the_last_frames) {
    command_drain();
    guest().send_frame(1, 3000, 1001);
    guest().send_end();
    settle();
    EXPECT_EQ(end(), EndStatus::commanded);
    EXPECT_EQ(guest().packets.size(), 1U);
    EXPECT_EQ(guest().done(), 1U) << "the frame that came too late is not given back as encoded";
    EXPECT_FALSE(guest().take(20'000'000)) << "one end is enough";
    EXPECT_TRUE(stop().ok());
}

TEST_F(DrainedPipeline, ends_the_stream_at_the_command_where_the_guest_says_nothing) {
    command_drain();
    EXPECT_EQ(end(), EndStatus::commanded);
    guest().send_frame(1, 3000, 1001);
    guest().send_end();
    EXPECT_FALSE(guest().take(20'000'000));
    EXPECT_TRUE(stop().ok());
}

TEST_F(DrainedPipeline, ends_the_guests_own_stream_where_all_frames_came_before_the_command) {
    command_drain();
    guest().send_end();
    settle();
    EXPECT_EQ(end(), EndStatus::asked);
    EXPECT_EQ(guest().packets.size(), 1U);
    EXPECT_TRUE(stop().ok());
}

TEST_F(DrainedPipeline, ends_the_guests_own_stream_where_its_end_came_before_the_command) {
    guest().send_end();
    settle();
    command_drain();
    EXPECT_EQ(end(), EndStatus::asked);
    EXPECT_FALSE(guest().take(20'000'000)) << "one end is enough";
    EXPECT_TRUE(stop().ok());
}

TEST_F(DrainedPipeline, gives_back_what_it_dropped_when_it_is_reset) {
    command_drain();
    guest().send_frame(2, 3000, 1001);
    settle();
    EXPECT_EQ(end(), EndStatus::commanded);
    pipeline().request(WorkerCommand::reset);
    ASSERT_TRUE(guest().take_until(HostKind::reset_done));
    EXPECT_EQ(guest().done_by_status[static_cast<std::uint32_t>(FrameStatus::discarded)], 1U);
    EXPECT_EQ(guest().done_cookies.back(), 1001U);
    guest().release_at_once = true;
    encode(3);
    EXPECT_EQ(guest().packets.size(), 4U);
    EXPECT_EQ(guest().ended_with, static_cast<std::uint32_t>(EndStatus::asked));
}

TEST_F(WorkerPipeline, waits_with_packets_until_the_guest_has_room_for_them) {
    create(small_params("copy"), {.input_slots = 4, .output_slots = 2});
    guest().release_at_once = false;
    send_pictures(0, 4);
    run();
    for (std::size_t taken = 0; taken < 6; ++taken) {
        ASSERT_TRUE(guest().take(30'000'000'000));
    }
    EXPECT_EQ(guest().packets.size(), 2U);
    EXPECT_EQ(guest().done(), 4U);
    guest().release_at_once = true;
    guest().release(0);
    guest().release(1);
    guest().send_end();
    EXPECT_TRUE(guest().take_until(HostKind::end_of_stream));
    EXPECT_EQ(guest().packets.size(), 4U);
}

TEST_F(WorkerPipeline, starts_anew_after_a_reset_also_behind_the_end_of_a_stream) {
    create(small_params("copy"));
    run();
    for (int round = 0; round < 3; ++round) {
        encode(5);
        pipeline().request(WorkerCommand::reset);
        ASSERT_TRUE(guest().take_until(HostKind::reset_done));
    }
    EXPECT_EQ(guest().packets.size(), 15U);
    EXPECT_TRUE(stop().ok());
    const auto told = events();
    ASSERT_GE(told.size(), 2U);
    EXPECT_EQ(told[told.size() - 2].kind, WorkerEvent::Kind::reset);
}

TEST_F(WorkerPipeline, carries_any_time_and_any_cookie) {
    create(small_params("copy"));
    constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();
    guest().send_frame(0, kLatest, ~0ULL);
    guest().send_frame(1, -kLatest - 1, 0);
    run();
    guest().send_end();
    ASSERT_TRUE(guest().take_until(HostKind::end_of_stream));
    ASSERT_EQ(guest().packets.size(), 2U);
    EXPECT_EQ(guest().packets[0].pts, kLatest);
    EXPECT_EQ(guest().packets[0].cookie, ~0ULL);
    EXPECT_EQ(guest().packets[1].pts, -kLatest - 1);
}

TEST_F(WorkerPipeline, is_refused_where_the_extents_are_not_the_layouts_or_the_regions) {
    const auto frame = FrameLayout::linear(0x3231564e, 64, 64).value();
    const auto layout =
        ivshmem::SessionLayout::make({2, frame.size_bytes(), 2, ivshmem::kPageBytes}).value();
    const auto region = ivshmem::Region::create_memfd("small", layout.input_extent_bytes()).value();
    WorkerJob job{.params = small_params("copy"), .frame = frame, .layout = layout};
    job.plugin_dirs = {MRDA_PLUGIN_DIR};
    job.input = {0, layout.input_extent_bytes()};
    job.output = {0, layout.output_extent_bytes() + ivshmem::kPageBytes};
    const auto make = [&] {
        return Pipeline::create(
            job, {duplicate_fd(region.fd()).value(), duplicate_fd(region.fd()).value(), {}, {}},
            [](const WorkerEvent&) {});
    };
    auto made = make();
    ASSERT_FALSE(made.ok());
    EXPECT_THAT(made.error().message, HasSubstr("the layout needs"));
    job.output = {1U << 30, layout.output_extent_bytes()};
    made = make();
    ASSERT_FALSE(made.ok());
    EXPECT_THAT(made.error().message, HasSubstr("at offset 1073741824"));
    job.output = {0, layout.output_extent_bytes()};
    job.frame = FrameLayout::linear(0x3231564e, 1024, 1024).value();
    made = make();
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, Errc::invalid_argument);
    job.frame = frame;
    job.params.plugin = "nothing";
    made = make();
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, Errc::not_found);
}

}  // namespace
}  // namespace mrda::service
