// SPDX-License-Identifier: MIT
#include "doorbell_holder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <filesystem>
#include <functional>

#include "mrda/interop/unix_socket.h"
#include "mrda/ivshmem/wakeup.h"
#include "service/doorbell/running_holder.h"
#include "support/doorbell_client.h"
#include "temp_dir.h"

namespace mrda::service {
namespace {

using test::DoorbellClient;
using testing::ElementsAre;
using testing::HasSubstr;
using Event = DoorbellHolder::Event;

class DoorbellHolderTest : public testing::Test {
  protected:
    void SetUp() override {
        running_.emplace(Holder::Settings{.runtime_dir = dir_.path(), .socket_dir = dir_ / "vm"});
        restart();
    }
    /// The service's next life.
    void restart() {
        holder_.emplace(*loop_,
                        DoorbellHolder::Settings{.runtime_dir = dir_.path(),
                                                 .program = "/nowhere/mrda-doorbell"},
                        [this](Event event, const std::shared_ptr<SharedRegion>& region,
                               const std::string& words) {
                            events_.push_back(event);
                            last_ = region->name;
                            words_ = words;
                        });
    }
    static DoorbellHolder::Device device(const std::string& name) {
        return {
            .name = name, .vm = "vm1", .size_bytes = 1 << 20, .vectors = 2, .user = ::geteuid()};
    }
    void turn_until(const std::function<bool()>& done, DoorbellClient* machine = nullptr) {
        const std::uint64_t end = ivshmem::now_ns() + kTestPatienceNs;
        while (!done()) {
            ASSERT_LT(ivshmem::now_ns(), end) << "waited too long; last event: " << words_;
            loop_->turn(machine == nullptr ? 1000 : 1);
            if (machine != nullptr) {
                machine->read_some();
            }
        }
    }

    TempDir dir_;
    std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
    std::optional<RunningHolder> running_;
    std::optional<DoorbellHolder> holder_;
    std::vector<Event> events_;
    std::string last_;
    std::string words_;
};

TEST_F(DoorbellHolderTest, one_region_is_one_object_while_anybody_uses_it) {
    const auto first = holder_->keep(device("vm1"));
    ASSERT_TRUE(first.ok()) << to_string(first.error());
    EXPECT_EQ(holder_->keep(device("vm1")).value(), *first);
    const SharedRegion& region = **first;
    EXPECT_EQ(region.name, "vm1");
    EXPECT_EQ(region.owner, "vm1");
    EXPECT_EQ(region.path, "");
    EXPECT_EQ(region.region.kind(), ivshmem::Region::Kind::memfd);
    ASSERT_NE(region.doorbells, nullptr);
    EXPECT_EQ(region.doorbells->host.size(), 2U);
    EXPECT_EQ(region.doorbells->guest.size(), 2U);
    EXPECT_THAT(region.doorbells->used, ElementsAre(false, false));
    EXPECT_FALSE(region.doorbells->connected);
    EXPECT_NE(holder_->keep(device("vm2")).value(), *first);
}

TEST_F(DoorbellHolderTest, tells_which_machine_comes_goes_and_is_refused) {
    const auto region = holder_->keep(device("vm1")).value();
    DoorbellClient machine(region->doorbells->socket_path);
    turn_until([&] { return region->doorbells->connected; }, &machine);
    DoorbellClient second(region->doorbells->socket_path);
    turn_until([&] { return events_.size() == 2; }, &second);
    machine.leave();
    turn_until([&] { return !region->doorbells->connected; });
    EXPECT_THAT(events_, ElementsAre(Event::joined, Event::refused, Event::left));
    EXPECT_EQ(last_, "vm1");
    EXPECT_THAT(words_, HasSubstr("vm1"));
}

TEST_F(DoorbellHolderTest, a_machine_that_was_replaced_unseen_has_left) {
    const auto region = holder_->keep(device("vm1")).value();
    for (int i = 0; i < 20; ++i) {
        DoorbellClient machine(region->doorbells->socket_path);
        turn_until([&] { return machine.greeted(2); }, &machine);
    }
    DoorbellClient last(region->doorbells->socket_path);
    turn_until(
        [&] { return !events_.empty() && events_.back() == Event::joined && last.greeted(2); },
        &last);
    // However much was left out, who joins comes after one that left.
    bool there = false;
    for (const Event event : events_) {
        EXPECT_FALSE(event == Event::joined && there);
        there = event == Event::joined;
    }
}

TEST_F(DoorbellHolderTest, what_happened_while_it_asked_is_told_afterwards) {
    const auto region = holder_->keep(device("vm1")).value();
    DoorbellClient machine(region->doorbells->socket_path);
    // Without a turn of the loop: the events come between answers.
    const std::uint64_t end = ivshmem::now_ns() + kTestPatienceNs;
    while (!machine.greeted(2)) {
        ASSERT_LT(ivshmem::now_ns(), end);
        ASSERT_TRUE(holder_->keep(device("vm2")).ok());
        machine.read_some();
    }
    EXPECT_TRUE(events_.empty());
    turn_until([&] { return !events_.empty(); });
    EXPECT_THAT(events_, ElementsAre(Event::joined));
    EXPECT_EQ(last_, "vm1");
}

TEST_F(DoorbellHolderTest, the_services_next_life_finds_memory_doorbells_and_machine) {
    const auto before = holder_->keep(device("vm1")).value();
    DoorbellClient machine(before->doorbells->socket_path);
    turn_until([&] { return before->doorbells->connected; }, &machine);
    restart();
    const auto after = holder_->keep(device("vm1")).value();
    EXPECT_NE(after, before);
    EXPECT_EQ(after->region.identity(), before->region.identity());
    EXPECT_TRUE(after->doorbells->connected);
    ASSERT_EQ(::eventfd_write(after->doorbells->guest[1].get(), 1), 0);
    pollfd polled{machine.own_doorbell(1), POLLIN, 0};
    EXPECT_EQ(::poll(&polled, 1, 0), 1);
}

TEST_F(DoorbellHolderTest, what_the_holder_refuses_keeps_the_connection) {
    const auto region = holder_->keep(device("vm1")).value();
    DoorbellClient machine(region->doorbells->socket_path);
    turn_until([&] { return region->doorbells->connected; }, &machine);
    auto other = device("vm1");
    other.vectors = 3;
    EXPECT_EQ(holder_->keep(other).error().code, Errc::busy);
    EXPECT_EQ(holder_->keep(device("vm1")).value(), region);
    EXPECT_TRUE(region->doorbells->connected);
}

TEST_F(DoorbellHolderTest, one_that_is_slow_loses_no_region_and_no_page_of_it_is_given_out_twice) {
    const auto region = holder_->keep(device("vm1")).value();
    const auto extent = region->extents.allocate(4096).value();
    DoorbellClient machine(region->doorbells->socket_path);
    turn_until([&] { return region->doorbells->connected; }, &machine);
    auto held_up = running_->hold_up();
    EXPECT_EQ(holder_->keep(device("vm2")).error().code, Errc::timeout);
    const std::uint64_t asked_again = ivshmem::now_ns();
    const auto again = holder_->keep(device("vm2"));
    EXPECT_LT(ivshmem::now_ns() - asked_again, 1'000'000'000U) << "it is asked nothing more";
    ASSERT_FALSE(again.ok());
    EXPECT_EQ(again.error().code, Errc::busy);
    EXPECT_THAT(again.error().message, HasSubstr("does not answer"));
    loop_->turn(10);
    held_up.reset();
    turn_until([&] { return holder_->keep(device("vm2")).ok(); });
    EXPECT_EQ(holder_->keep(device("vm1")).value(), region);
    EXPECT_NE(region->extents.allocate(4096).value(), extent);
    EXPECT_TRUE(region->doorbells->connected);
    EXPECT_THAT(events_, ElementsAre(Event::joined)) << words_;
}

TEST_F(DoorbellHolderTest, a_machine_that_goes_while_the_holder_is_slow_is_told_of_afterwards) {
    const auto region = holder_->keep(device("vm1")).value();
    DoorbellClient machine(region->doorbells->socket_path);
    turn_until([&] { return region->doorbells->connected; }, &machine);
    auto held_up = running_->hold_up();
    EXPECT_EQ(holder_->keep(device("vm2")).error().code, Errc::timeout);
    machine.leave();
    held_up.reset();
    turn_until([&] { return !region->doorbells->connected; });
    turn_until([&] { return events_.size() == 2; });
    EXPECT_THAT(events_, ElementsAre(Event::joined, Event::left));
}

TEST_F(DoorbellHolderTest, a_connection_that_a_living_holder_ends_is_made_again_by_itself) {
    const auto region = holder_->keep(device("vm1")).value();
    DoorbellClient machine(region->doorbells->socket_path);
    turn_until([&] { return region->doorbells->connected; }, &machine);
    {
        auto newer = HolderConnection::open(dir_.path()).value();
        ASSERT_TRUE(newer.ask({}, kTestPatienceNs).ok());
    }
    // Heard only through a connection that is there again.
    machine.leave();
    turn_until([&] { return !region->doorbells->connected; });
    turn_until([&] { return events_.size() == 2; });
    EXPECT_THAT(events_, ElementsAre(Event::joined, Event::left));
    EXPECT_EQ(holder_->keep(device("vm1")).value(), region);
}

TEST_F(DoorbellHolderTest, one_that_is_gone_has_lost_every_region_and_the_next_has_others) {
    const auto region = holder_->keep(device("vm1")).value();
    DoorbellClient machine(region->doorbells->socket_path);
    turn_until([&] { return region->doorbells->connected; }, &machine);
    running_.reset();
    turn_until([&] { return events_.size() == 2; });
    EXPECT_THAT(events_, ElementsAre(Event::joined, Event::lost));
    EXPECT_FALSE(region->doorbells->connected);
    const auto refused = holder_->keep(device("vm1"));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::not_found);
    EXPECT_THAT(refused.error().message, HasSubstr("/nowhere/mrda-doorbell"));
    running_.emplace(Holder::Settings{.runtime_dir = dir_.path(), .socket_dir = dir_ / "vm"});
    const auto next = holder_->keep(device("vm1"));
    ASSERT_TRUE(next.ok()) << to_string(next.error());
    EXPECT_NE((*next)->region.identity(), region->region.identity());
}

TEST_F(DoorbellHolderTest, none_is_started_where_somebody_else_does_that) {
    running_.reset();
    holder_.emplace(*loop_, DoorbellHolder::Settings{.runtime_dir = dir_.path()},
                    [](auto, const auto&, const auto&) {});
    const auto refused = holder_->keep(device("vm1"));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::busy);
    EXPECT_THAT(refused.error().message, HasSubstr("--no-start-doorbell"));
}

TEST_F(DoorbellHolderTest, a_holder_that_went_unnoticed_is_replaced_within_one_call) {
    const auto region = holder_->keep(device("vm1")).value();
    running_.reset();
    running_.emplace(Holder::Settings{.runtime_dir = dir_.path(), .socket_dir = dir_ / "vm"});
    const auto next = holder_->keep(device("vm1"));
    ASSERT_TRUE(next.ok()) << to_string(next.error());
    EXPECT_NE((*next)->region.identity(), region->region.identity());
    turn_until([&] { return !events_.empty(); });
    EXPECT_THAT(events_, ElementsAre(Event::lost));
}

TEST(DoorbellHolderProgram, is_started_where_none_runs_and_ends_with_the_service) {
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    const TempDir dir;
    const auto loop = EventLoop::create().value();
    DoorbellHolder holder(
        *loop, {.runtime_dir = dir.path(), .socket_dir = dir / "sockets", .program = MRDA_DOORBELL},
        [](auto, const auto&, const auto&) {});
    const auto kept = holder.keep(
        {.name = "vm1", .vm = "vm1", .size_bytes = 1 << 20, .vectors = 1, .user = ::geteuid()});
    ASSERT_TRUE(kept.ok()) << to_string(kept.error());
    EXPECT_TRUE(std::filesystem::is_socket(dir / "sockets/vm1.sock"));
    const Fd other = connect_unix(dir / "doorbell.sock", SOCK_SEQPACKET).value();
    const pid_t process = peer_of(other.get()).value().process;
    const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    holder.end();
    pollfd polled{pidfd.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&polled, 1, static_cast<int>(kTestPatienceNs / 1'000'000)), 1);
    int status = -1;
    EXPECT_EQ(::waitpid(process, &status, WNOHANG), process);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace mrda::service
