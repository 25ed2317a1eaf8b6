// SPDX-License-Identifier: MIT
// Sessions with real workers and the codec that does nothing, over the manager's own interface.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>

#include "mrda/ivshmem/wakeup.h"
#include "session_manager.h"
#include "small_request.h"
#include "state_file.h"
#include "temp_dir.h"

namespace mrda::service {
namespace {

constexpr std::uint64_t kPatienceNs = 20'000'000'000;

class SessionTest : public testing::Test {
  protected:
    void SetUp() override {
        VmConfig config;
        config.name = "a";
        config.memory_bytes = 16 << 20;
        config.max_sessions = 3;
        config.max_creates_per_second = 1000;
        ASSERT_TRUE(vms_.add(config, false).ok());
        config.name = "b";
        ASSERT_TRUE(vms_.add(config, false).ok());
        ASSERT_TRUE(resources_.sample().ok());
        settings_.worker_program = MRDA_WORKER;
        settings_.plugin_dirs = {MRDA_PLUGIN_DIR};
        settings_.driver_dir = MRDA_DRIVER_DIR;
        settings_.epoch = 7;
    }
    void start_manager() { manager_.emplace(*loop_, settings_, resources_, dir_ / "region.sock"); }
    Result<v1::CreateReply> create(const char* vm, const v1::CreateRequest& wanted) {
        std::optional<Result<v1::CreateReply>> created;
        manager_->create(vms_.find(vm), wanted, 1,
                         [&](Result<v1::CreateReply> reply) { created.emplace(std::move(reply)); });
        turn([&] { return created.has_value(); });
        return created ? std::move(*created)
                       : Result<v1::CreateReply>(make_error(Errc::timeout, "no answer"));
    }
    /// Turns the loop until `done`; ends the test's patience with an error.
    void turn(const std::function<bool()>& done) {
        const std::uint64_t end = ivshmem::now_ns() + kPatienceNs;
        while (!done()) {
            ASSERT_LT(ivshmem::now_ns(), end) << "it did not come in time";
            loop_->turn(5);
        }
    }
    Session& session(const v1::CreateReply& reply) {
        return *manager_->find(nullptr, reply.status().session_id()).value();
    }

    TempDir dir_;
    VmRegistry vms_ = VmRegistry::open(dir_ / "state", dir_.path()).value();
    std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
    ResourceManager resources_{
        {.pixels_per_second = 1'000'000, .cpu_load = 2, .memory_reserve_bytes = 0}};
    SessionSettings settings_;
    std::optional<SessionManager> manager_;
};

TEST_F(SessionTest, runs_and_is_stopped) {
    start_manager();
    const auto reply = create("a", small_request());
    ASSERT_TRUE(reply.ok()) << to_string(reply.error());
    EXPECT_EQ(reply->epoch(), 7U);
    EXPECT_EQ(reply->status().state(), v1::SESSION_STATE_RUNNING);
    EXPECT_EQ(reply->status().path(), "direct");
    EXPECT_EQ(vms_.find("a")->sessions, 1U);
    manager_->stop(session(*reply));
    turn([&] { return manager_->count() == 0; });
    EXPECT_EQ(vms_.find("a")->sessions, 0U);
    EXPECT_EQ(resources_.pixels_reserved(), 0U);
    const auto& extents = vms_.find("a")->memfd->extents;
    EXPECT_EQ(extents.free_bytes(), extents.size_bytes());
}

TEST_F(SessionTest, is_there_for_its_owner_alone) {
    start_manager();
    const auto reply = create("a", small_request());
    ASSERT_TRUE(reply.ok());
    const std::uint64_t id = reply->status().session_id();
    EXPECT_TRUE(manager_->find(vms_.find("a").get(), id).ok());
    EXPECT_EQ(manager_->find(vms_.find("b").get(), id).error().code, Errc::not_found);
    EXPECT_EQ(manager_->renew(vms_.find("b").get(), id).error().code, Errc::not_found);
    EXPECT_TRUE(manager_->list(vms_.find("b").get()).empty());
    EXPECT_EQ(manager_->list(vms_.find("a").get()).size(), 1U);
}

TEST_F(SessionTest, whose_worker_dies_fails_by_name_and_frees_everything) {
    start_manager();
    const auto reply = create("a", small_request());
    ASSERT_TRUE(reply.ok());
    const auto other = create("b", small_request());
    ASSERT_TRUE(other.ok());
    Session& failing = session(*reply);
    std::vector<v1::SessionState> seen;
    bool ended = false;
    ASSERT_TRUE(manager_
                    ->watch(nullptr, failing.id(),
                            [&](const auto& status, bool last) {
                                seen.push_back(status.state());
                                ended = last;
                            })
                    .ok());
    ASSERT_EQ(::kill(failing.worker_pid(), SIGKILL), 0);
    turn([&] { return failing.released(); });
    EXPECT_TRUE(ended);
    EXPECT_EQ(seen.back(), v1::SESSION_STATE_FAILED);
    EXPECT_NE(failing.status().failure().find("signal 9"), std::string::npos);
    EXPECT_EQ(vms_.find("a")->sessions, 0U);
    const auto renewed = manager_->renew(nullptr, failing.id());
    ASSERT_FALSE(renewed.ok());
    EXPECT_NE(renewed.error().message.find("signal 9"), std::string::npos);
    EXPECT_EQ(session(*other).state(), SessionState::running);
}

TEST_F(SessionTest, is_watched_by_a_few_at_once) {
    start_manager();
    const auto reply = create("a", small_request());
    ASSERT_TRUE(reply.ok());
    const std::uint64_t id = reply->status().session_id();
    const auto watch = [&] { return manager_->watch(nullptr, id, [](const auto&, bool) {}); };
    std::vector<std::uint64_t> watches;
    for (auto watching = watch(); watching.ok(); watching = watch()) {
        watches.push_back(*watching);
        ASSERT_LT(watches.size(), 100U);
    }
    EXPECT_GE(watches.size(), 2U);
    EXPECT_EQ(watch().error().code, Errc::exhausted);
    manager_->unwatch(watches.front());
    EXPECT_TRUE(watch().ok());
}

TEST_F(SessionTest, whose_guest_is_silent_ends_with_its_lease) {
    settings_.lease_ns = 100'000'000;
    start_manager();
    const auto reply = create("a", small_request());
    ASSERT_TRUE(reply.ok());
    const std::uint64_t begin = ivshmem::now_ns();
    turn([&] { return manager_->count() == 0; });
    EXPECT_GE(ivshmem::now_ns() - begin, 90'000'000U);
    EXPECT_EQ(vms_.find("a")->sessions, 0U);
}

TEST_F(SessionTest, whose_lease_is_renewed_goes_on) {
    settings_.lease_ns = 300'000'000;
    start_manager();
    const auto reply = create("a", small_request());
    ASSERT_TRUE(reply.ok());
    const std::uint64_t id = reply->status().session_id();
    const std::uint64_t end = ivshmem::now_ns() + 900'000'000;
    while (ivshmem::now_ns() < end) {
        ASSERT_TRUE(manager_->renew(nullptr, id).ok());
        loop_->turn(20);
    }
    EXPECT_EQ(session(*reply).state(), SessionState::running);
}

TEST_F(SessionTest, that_nobody_waits_for_is_stopped_while_it_starts) {
    settings_.worker_program = dir_ / "worker";
    std::ofstream(dir_ / "worker") << "#!/bin/sh\nexec sleep 60\n";
    ASSERT_EQ(::chmod(settings_.worker_program.c_str(), 0700), 0);
    start_manager();
    std::optional<Errc> told;
    manager_->create(vms_.find("a"), small_request(), 7,
                     [&](const Result<v1::CreateReply>& reply) { told = reply.error().code; });
    manager_->abandon(8);
    EXPECT_EQ(manager_->count(), 1U);
    EXPECT_FALSE(told);
    manager_->abandon(7);
    EXPECT_EQ(told, Errc::timeout);
    turn([&] { return manager_->count() == 0; });
    EXPECT_EQ(resources_.pixels_reserved(), 0U);
    manager_->abandon(7);
}

TEST_F(SessionTest, is_watched_by_nobody_new_while_the_service_closes) {
    start_manager();
    const auto reply = create("a", small_request());
    ASSERT_TRUE(reply.ok());
    int told = 0;
    const auto count = [&](const v1::SessionStatus&, bool) { ++told; };
    const std::uint64_t id = reply->status().session_id();
    ASSERT_TRUE(manager_->watch(nullptr, id, count).ok());
    EXPECT_EQ(told, 1);
    bool gone = false;
    manager_->shut_down(100'000'000, [&] { gone = true; });
    EXPECT_EQ(manager_->watch(nullptr, id, count).error().code, Errc::end_of_stream);
    EXPECT_EQ(told, 1) << "that it drains would be taken for somebody's wish";
    turn([&] { return gone; });
}

TEST_F(SessionTest, is_drained_and_reset) {
    start_manager();
    const auto reply = create("a", small_request());
    ASSERT_TRUE(reply.ok());
    Session& running = session(*reply);
    ASSERT_TRUE(running.drain().ok());
    EXPECT_EQ(running.state(), SessionState::draining);
    ASSERT_TRUE(running.reset().ok());
    EXPECT_EQ(running.state(), SessionState::reset);
    EXPECT_EQ(running.drain().error().code, Errc::busy);
    turn([&] { return running.state() == SessionState::running; });
}

TEST_F(SessionTest, beyond_the_vms_caps_is_refused_with_the_figures) {
    start_manager();
    std::vector<v1::CreateReply> replies;
    for (int i = 0; i < 3; ++i) {
        auto reply = create("a", small_request());
        ASSERT_TRUE(reply.ok()) << to_string(reply.error());
        replies.push_back(std::move(*reply));
    }
    const auto refused = create("a", small_request());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::exhausted);
    EXPECT_NE(refused.error().message.find("3 sessions of 3"), std::string::npos);
    EXPECT_TRUE(create("b", small_request()).ok()) << "another VM is not affected";
}

TEST_F(SessionTest, created_too_often_is_refused) {
    vms_.find("a")->config.max_creates_per_second = 1;
    start_manager();
    EXPECT_TRUE(create("a", small_request()).ok());
    const auto refused = create("a", small_request());
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("created per second"), std::string::npos);
}

TEST_F(SessionTest, larger_than_its_vms_memory_is_refused_with_the_figures) {
    start_manager();
    auto large = small_request();
    large.set_input_slot_bytes(8 << 20);
    const auto refused = create("a", large);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::exhausted);
    const std::string& message = refused.error().message;
    EXPECT_NE(message.find("region a has 16773120, all of them free"), std::string::npos)
        << message;
    EXPECT_NE(message.find("for input and"), std::string::npos) << message;
    EXPECT_NE(message.find("with all that it was added with and --memory 134217728"),
              std::string::npos)
        << message;
    const auto& extents = vms_.find("a")->memfd->extents;
    EXPECT_EQ(extents.free_bytes(), extents.size_bytes());
}

TEST_F(SessionTest, with_a_plugin_that_is_not_there_fails_with_its_name) {
    start_manager();
    auto odd = small_request();
    odd.mutable_encode()->set_plugin("nobodys");
    const auto refused = create("a", odd);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("nobodys"), std::string::npos);
    turn([&] { return manager_->count() == 0; });
}

TEST_F(SessionTest, whose_worker_program_is_missing_leaves_nothing_behind) {
    settings_.worker_program = "/nowhere/mrda-worker";
    start_manager();
    EXPECT_EQ(create("a", small_request()).error().code, Errc::not_found);
    EXPECT_EQ(manager_->count(), 0U);
    EXPECT_EQ(vms_.find("a")->sessions, 0U);
    EXPECT_EQ(resources_.pixels_reserved(), 0U);
}

TEST_F(SessionTest, tokens_open_its_region_while_it_lives) {
    start_manager();
    const auto reply = create("a", small_request());
    ASSERT_TRUE(reply.ok());
    const std::string token = reply->in_region().attach_token();
    EXPECT_EQ(manager_->region_of(token), vms_.find("a")->memfd->region.fd());
    EXPECT_EQ(manager_->region_of(std::string(64, '0')), -1);
    manager_->stop(session(*reply));
    EXPECT_EQ(manager_->region_of(token), -1);
}

TEST_F(SessionTest, all_are_drained_and_stopped_at_the_end) {
    start_manager();
    ASSERT_TRUE(create("a", small_request()).ok());
    ASSERT_TRUE(create("b", small_request()).ok());
    bool done = false;
    manager_->shut_down(50'000'000, [&] { done = true; });
    EXPECT_FALSE(create("a", small_request()).ok()) << "none begins now";
    turn([&] { return done; });
    EXPECT_EQ(manager_->count(), 0U);
}

TEST_F(SessionTest, created_and_stopped_leaves_no_descriptor) {
    start_manager();
    const auto count = [] {
        std::size_t descriptors = 0;
        for ([[maybe_unused]] const auto& entry :
             std::filesystem::directory_iterator("/proc/self/fd")) {
            ++descriptors;
        }
        return descriptors;
    };
    const auto cycle = [&] {
        const auto reply = create("a", small_request());
        ASSERT_TRUE(reply.ok());
        manager_->stop(session(*reply));
        turn([&] { return manager_->count() == 0; });
    };
    cycle();
    const std::size_t before = count();
    for (int i = 0; i < 20; ++i) {
        cycle();
    }
    EXPECT_EQ(count(), before);
}

}  // namespace
}  // namespace mrda::service
