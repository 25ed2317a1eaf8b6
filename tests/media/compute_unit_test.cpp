// SPDX-License-Identifier: MIT
#include "mrda/media/compute_unit.h"

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <set>
#include <thread>

#include "units_fixture.h"

namespace mrda::media {
namespace {

/// One unit, and sessions that are nothing but addresses.
class MediaComputeUnit : public testing::Test {
  protected:
    explicit MediaComputeUnit(const char* name = "return")
        : context_(context_with({place(name)})), unit_(context_->units(0)[0]) {}

    std::future<WorkDone> schedule(ComputeUnit::Session session, std::uint32_t channel) {
        auto promise = std::make_shared<std::promise<WorkDone>>();
        auto work = std::make_shared<WorkDone>(WorkDone{0, {}});
        // Told when the unit has finished with it: the test may end then, and the unit with it.
        const auto scheduled = unit_->schedule(
            session, channel, [work](WorkDone done) { *work = std::move(done); },
            [promise, work] { promise->set_value(std::move(*work)); });
        EXPECT_TRUE(scheduled.ok());
        return promise->get_future();
    }

    std::shared_ptr<Context> context_;
    std::shared_ptr<ComputeUnit> unit_;
    const int one_ = 1;
    const int two_ = 2;
    std::array<std::byte, 4> word_{};
};

TEST_F(MediaComputeUnit, is_not_written_read_or_scheduled_on_without_its_lock) {
    expect_error(unit_->write(&one_, 0, word_), Errc::busy, "without its lock");
    expect_error(unit_->read(&one_, 0, word_), Errc::busy, "without its lock");
    expect_error(unit_->schedule(
                     &one_, 0, [](const WorkDone&) {}, [] {}),
                 Errc::busy, "without its lock");
    ASSERT_TRUE(unit_->lock(&one_).ok());
    expect_error(unit_->write(&two_, 0, word_), Errc::busy, "without its lock");
    ASSERT_TRUE(unit_->unlock(&one_).ok());
    EXPECT_EQ(unit_->statistics().scheduled, 0U);
}

TEST_F(MediaComputeUnit, is_locked_once_and_unlocked_by_its_session_alone) {
    ASSERT_TRUE(unit_->lock(&one_).ok());
    expect_error(unit_->lock(&one_), Errc::busy, "already");
    expect_error(unit_->unlock(&two_), Errc::busy, "has not locked");
    ASSERT_TRUE(unit_->unlock(&one_).ok());
    expect_error(unit_->unlock(&one_), Errc::busy, "has not locked");
}

TEST_F(MediaComputeUnit, makes_a_second_session_wait_for_the_lock) {
    // Many times: without a lock the second would sometimes be late enough by itself.
    for (int round = 0; round < 200; ++round) {
        ASSERT_TRUE(unit_->lock(&one_).ok());
        std::atomic<bool> inside = true;
        std::promise<void> asks;
        std::thread second([&] {
            asks.set_value();
            EXPECT_TRUE(unit_->lock(&two_).ok());
            EXPECT_FALSE(inside);
            EXPECT_TRUE(unit_->unlock(&two_).ok());
        });
        asks.get_future().wait();
        for (int turn = 0; turn < 20; ++turn) {
            std::this_thread::yield();
        }
        inside = false;
        ASSERT_TRUE(unit_->unlock(&one_).ok());
        second.join();
    }
}

TEST_F(MediaComputeUnit, has_no_registers_beyond_its_map) {
    const std::uint32_t bytes = unit_->kind().register_bytes;
    ASSERT_TRUE(unit_->lock(&one_).ok());
    EXPECT_TRUE(unit_->write(&one_, bytes - 4, word_).ok());
    expect_error(unit_->write(&one_, bytes - 3, word_), Errc::invalid_argument, "register map");
    expect_error(unit_->read(&one_, ~std::uint32_t{0}, word_), Errc::invalid_argument,
                 "register map");
    ASSERT_TRUE(unit_->unlock(&one_).ok());
}

TEST_F(MediaComputeUnit, counts_what_it_did_and_what_failed) {
    ASSERT_TRUE(unit_->lock(&one_).ok());
    EXPECT_EQ(*schedule(&one_, 3).get().return_code, 0);
    word_[0] = std::byte{7};
    ASSERT_TRUE(unit_->write(&one_, 8, word_).ok());
    EXPECT_EQ(*schedule(&one_, 3).get().return_code, 7);
    ASSERT_TRUE(unit_->unlock(&one_).ok());
    const UnitStatistics statistics = unit_->statistics();
    EXPECT_EQ(statistics.scheduled, 2U);
    EXPECT_EQ(statistics.done, 2U);
    EXPECT_EQ(statistics.failed, 1U);
    EXPECT_GT(statistics.busy_ns, 0U);
}

TEST_F(MediaComputeUnit, takes_the_registers_as_they_were_when_the_item_was_scheduled) {
    ASSERT_TRUE(unit_->lock(&one_).ok());
    word_[0] = std::byte{5};
    ASSERT_TRUE(unit_->write(&one_, 8, word_).ok());
    auto first = schedule(&one_, 0);
    word_[0] = std::byte{6};
    ASSERT_TRUE(unit_->write(&one_, 8, word_).ok());
    EXPECT_EQ(*first.get().return_code, 5);
    ASSERT_TRUE(unit_->unlock(&one_).ok());
}

class MediaLyingUnit : public MediaComputeUnit {
  protected:
    MediaLyingUnit() : MediaComputeUnit("lie") {}
};

TEST_F(MediaLyingUnit, is_told_of_by_the_channel_that_came_out) {
    ASSERT_TRUE(unit_->lock(&one_).ok());
    const WorkDone done = schedule(&one_, 9).get();
    expect_error(done.return_code, Errc::corrupt,
                 "channel 9 and says that it has done one of channel 10");
    ASSERT_TRUE(unit_->unlock(&one_).ok());
}

class MediaGateUnit : public MediaComputeUnit {
  protected:
    MediaGateUnit()
        : MediaComputeUnit("gate"), words_(context_->devices()[0]->allocate(-1, 4096).value()) {
        EXPECT_TRUE(unit_->lock(&one_).ok());
        EXPECT_TRUE(
            unit_->write(&one_, 0, std::as_bytes(std::span(&words_->view().address, 1))).ok());
    }
    ~MediaGateUnit() override { EXPECT_TRUE(unit_->unlock(&one_).ok()); }

    /// Waits for so many to have begun, within a time that is long for any machine.
    bool begun(std::uint32_t count) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (words_of(*words_, 1)[0] < count) {
            if (std::chrono::steady_clock::now() > until) {
                return false;
            }
            std::this_thread::yield();
        }
        return true;
    }

    std::shared_ptr<const Buffer> words_;
};

TEST_F(MediaGateUnit, has_items_of_several_channels_in_flight_and_one_of_each) {
    auto first = schedule(&one_, 1);
    auto behind_first = schedule(&one_, 1);
    auto second = schedule(&one_, 2);
    auto third = schedule(&one_, 3);
    ASSERT_TRUE(begun(2));
    auto words = words_of(*words_, 5);
    EXPECT_EQ(words[0], 2U);
    EXPECT_EQ(std::set<std::uint32_t>({words[2], words[3]}), std::set<std::uint32_t>({1, 2}));
    write_word(*words_, 1, 1);
    for (auto* item : {&first, &behind_first, &second, &third}) {
        EXPECT_EQ(*item->get().return_code, 0);
    }
    EXPECT_EQ(words_of(*words_, 1)[0], 4U);
}

}  // namespace
}  // namespace mrda::media
