// SPDX-License-Identifier: MIT
#include "worker_pool.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "mrda/ivshmem/wakeup.h"

namespace mrda::service {
namespace {

constexpr std::uint64_t kPatienceNs = 20'000'000'000;

class WorkerPoolTest : public testing::Test {
  protected:
    void start(const char* program = MRDA_WORKER) {
        pool_.emplace(*loop_, program, [this] { return foreseen_; });
        pool_->prepare();
    }
    void turn(const std::function<bool()>& done) {
        const std::uint64_t end = ivshmem::now_ns() + kPatienceNs;
        while (!done()) {
            ASSERT_LT(ivshmem::now_ns(), end) << "it did not come in time";
            loop_->turn(5);
        }
    }
    static bool lives(pid_t pid) { return ::kill(pid, 0) == 0; }

    std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
    WorkerPreparation one_{"software", "", {MRDA_PLUGIN_DIR}, "copy", MRDA_DRIVER_DIR};
    WorkerPreparation other_{
        "software", "0000:03:00.0", {MRDA_PLUGIN_DIR}, "copy", MRDA_DRIVER_DIR};
    std::optional<WorkerPreparation> foreseen_ = one_;
    std::optional<WorkerPool> pool_;
};

TEST_F(WorkerPoolTest, gives_the_spare_that_is_prepared_so_and_has_another_follow) {
    start();
    const pid_t spare = pool_->spare_pid();
    ASSERT_GT(spare, 0);
    const auto taken = pool_->take(one_);
    ASSERT_TRUE(taken.ok());
    EXPECT_EQ(taken->process.pid(), spare);
    EXPECT_EQ(pool_->spare_pid(), -1);
    turn([&] { return pool_->spare_pid() > 0; });
    EXPECT_NE(pool_->spare_pid(), spare);
    EXPECT_TRUE(lives(spare)) << "it is the session's";
}

TEST_F(WorkerPoolTest, keeps_its_spare_for_who_is_foreseen_whoever_comes) {
    start();
    const pid_t spare = pool_->spare_pid();
    const auto taken = pool_->take(other_);
    ASSERT_TRUE(taken.ok());
    EXPECT_NE(taken->process.pid(), spare);
    const std::uint64_t end = ivshmem::now_ns() + 400'000'000;
    turn([&] { return ivshmem::now_ns() > end; });
    EXPECT_EQ(pool_->spare_pid(), spare);
    EXPECT_EQ(pool_->take(one_)->process.pid(), spare);
}

TEST_F(WorkerPoolTest, has_spares_for_devices_that_take_turns) {
    start();
    for (int round = 0; round < 3; ++round) {
        const pid_t spare = pool_->spare_pid();
        const WorkerPreparation wanted = *foreseen_;
        foreseen_ = wanted == one_ ? other_ : one_;
        EXPECT_EQ(pool_->take(wanted)->process.pid(), spare) << "round " << round;
        turn([&] { return pool_->spare_pid() > 0; });
    }
}

TEST_F(WorkerPoolTest, replaces_a_spare_that_nobody_will_want_and_reaps_it) {
    start();
    const pid_t spare = pool_->spare_pid();
    foreseen_ = other_;
    pool_->prepare();
    EXPECT_NE(pool_->spare_pid(), spare);
    turn([&] { return !lives(spare); });
}

TEST_F(WorkerPoolTest, does_not_give_a_spare_that_has_died) {
    for (const bool told : {true, false}) {
        start();
        const pid_t spare = pool_->spare_pid();
        ASSERT_EQ(::kill(spare, SIGKILL), 0);
        if (told) {
            turn([&] { return pool_->spare_pid() == -1; });
        } else {
            siginfo_t info{};
            ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(spare), &info, WEXITED | WNOWAIT), 0);
        }
        const auto taken = pool_->take(one_);
        ASSERT_TRUE(taken.ok());
        EXPECT_NE(taken->process.pid(), spare);
        EXPECT_TRUE(lives(taken->process.pid()));
    }
}

TEST_F(WorkerPoolTest, keeps_none_where_none_is_foreseen_and_none_when_it_closes) {
    foreseen_ = std::nullopt;
    start();
    EXPECT_EQ(pool_->spare_pid(), -1);
    EXPECT_TRUE(pool_->take(one_).ok());
    foreseen_ = one_;
    pool_->prepare();
    const pid_t spare = pool_->spare_pid();
    ASSERT_TRUE(lives(spare));
    pool_->close();
    turn([&] { return !lives(spare); });
    pool_->prepare();
    EXPECT_EQ(pool_->spare_pid(), -1);
}

TEST_F(WorkerPoolTest, names_a_program_that_is_not_there) {
    start("/nowhere/mrda-worker");
    EXPECT_EQ(pool_->spare_pid(), -1);
    EXPECT_EQ(pool_->take(one_).error().code, Errc::not_found);
}

}  // namespace
}  // namespace mrda::service
