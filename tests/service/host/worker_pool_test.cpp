// SPDX-License-Identifier: MIT
#include "worker_pool.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "mrda/ivshmem/wakeup.h"

namespace mrda::service {
namespace {

constexpr std::uint64_t kPatienceNs = 20'000'000'000;

class WorkerPoolTest : public testing::Test {
  protected:
    void start(bool keeps_spare) { pool_.emplace(*loop_, MRDA_WORKER, keeps_spare); }
    void turn(const std::function<bool()>& done) {
        const std::uint64_t end = ivshmem::now_ns() + kPatienceNs;
        while (!done()) {
            ASSERT_LT(ivshmem::now_ns(), end) << "it did not come in time";
            loop_->turn(5);
        }
    }
    static bool lives(pid_t pid) { return ::kill(pid, 0) == 0; }

    std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
    WorkerPreparation software_{"software", "", MRDA_PLUGIN_DIR, "copy", MRDA_DRIVER_DIR};
    std::optional<WorkerPool> pool_;
};

TEST_F(WorkerPoolTest, gives_the_spare_that_is_prepared_so_and_has_another_follow) {
    start(true);
    pool_->prepare(software_);
    const pid_t spare = pool_->spare_pid();
    ASSERT_GT(spare, 0);
    const auto taken = pool_->take(software_);
    ASSERT_TRUE(taken.ok());
    EXPECT_EQ(taken->process.pid(), spare);
    EXPECT_EQ(pool_->spare_pid(), -1);
    turn([&] { return pool_->spare_pid() > 0; });
    EXPECT_NE(pool_->spare_pid(), spare);
    EXPECT_TRUE(lives(spare)) << "it is the session's";
}

TEST_F(WorkerPoolTest, starts_a_worker_for_what_the_spare_is_not_prepared_for) {
    start(true);
    pool_->prepare(software_);
    const pid_t spare = pool_->spare_pid();
    WorkerPreparation other = software_;
    other.device = "0000:03:00.0";
    const auto taken = pool_->take(other);
    ASSERT_TRUE(taken.ok());
    EXPECT_NE(taken->process.pid(), spare);
    turn([&] { return pool_->spare_pid() != spare; });
    EXPECT_FALSE(lives(spare)) << "one spare, for who was there last";
}

TEST_F(WorkerPoolTest, does_not_give_a_spare_that_has_died) {
    start(true);
    pool_->prepare(software_);
    const pid_t spare = pool_->spare_pid();
    ASSERT_EQ(::kill(spare, SIGKILL), 0);
    turn([&] { return pool_->spare_pid() == -1; });
    const auto taken = pool_->take(software_);
    ASSERT_TRUE(taken.ok());
    EXPECT_NE(taken->process.pid(), spare);
    EXPECT_TRUE(lives(taken->process.pid()));
}

TEST_F(WorkerPoolTest, keeps_none_where_none_is_wished_and_none_when_it_closes) {
    start(false);
    pool_->prepare(software_);
    EXPECT_EQ(pool_->spare_pid(), -1);
    EXPECT_TRUE(pool_->take(software_).ok());
    start(true);
    pool_->prepare(software_);
    const pid_t spare = pool_->spare_pid();
    ASSERT_TRUE(lives(spare));
    pool_->close();
    EXPECT_FALSE(lives(spare));
    pool_->prepare(software_);
    EXPECT_EQ(pool_->spare_pid(), -1);
}

TEST_F(WorkerPoolTest, names_a_program_that_is_not_there) {
    pool_.emplace(*loop_, "/nowhere/mrda-worker", true);
    pool_->prepare(software_);
    EXPECT_EQ(pool_->spare_pid(), -1);
    EXPECT_EQ(pool_->take(software_).error().code, Errc::not_found);
}

}  // namespace
}  // namespace mrda::service
