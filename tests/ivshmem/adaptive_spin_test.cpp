// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/adaptive_spin.h"

#include <gtest/gtest.h>

namespace mrda::ivshmem {
namespace {

TEST(AdaptiveSpin, keeps_spinning_while_answers_come_at_once) {
    AdaptiveSpin spin;
    for (int i = 0; i < 1000; ++i) {
        ASSERT_GT(spin.begin_wait(), 0U);
        spin.answered(300);
    }
}

TEST(AdaptiveSpin, spends_almost_nothing_while_answers_stay_away) {
    AdaptiveSpin spin;
    std::uint64_t spent_ns = 0;
    constexpr int kWaits = 10'000;
    for (int i = 0; i < kWaits; ++i) {
        const std::uint64_t budget_ns = spin.begin_wait();
        spent_ns += budget_ns;
        if (budget_ns > 0) {
            spin.unanswered();
        }
    }
    EXPECT_LT(spent_ns / kWaits, 10U);
    EXPECT_GT(spent_ns, 3000U) << "it must try again now and then";
}

TEST(AdaptiveSpin, comes_back_when_answers_come_at_once_again) {
    AdaptiveSpin spin;
    for (int i = 0; i < 1000; ++i) {
        if (spin.begin_wait() > 0) {
            spin.unanswered();
        }
    }
    int waits = 0;
    while (spin.begin_wait() == 0) {
        ASSERT_LT(++waits, 1025);
    }
    spin.answered(300);
    EXPECT_GT(spin.begin_wait(), 0U);
}

TEST(AdaptiveSpin, budget_follows_the_answers_and_has_a_bound) {
    AdaptiveSpin spin;
    static_cast<void>(spin.begin_wait());
    spin.answered(5'000);
    EXPECT_EQ(spin.begin_wait(), 20'000U);
    spin.answered(1'000'000);
    EXPECT_EQ(spin.begin_wait(), AdaptiveSpin::kMaxBudgetNs);
    spin.unanswered();
    EXPECT_EQ(spin.begin_wait(), AdaptiveSpin::kMaxBudgetNs / 2);
}

TEST(AdaptiveSpin, one_quick_answer_does_not_end_the_room_for_slower_ones) {
    AdaptiveSpin spin;
    spin.answered(40'000);
    spin.answered(1'000);
    EXPECT_GE(spin.begin_wait(), 140'000U);
    for (int i = 0; i < 100; ++i) {
        spin.answered(1'000);
    }
    EXPECT_LE(spin.begin_wait(), 20'000U) << "many do";
}

TEST(AdaptiveSpin, two_sleepers_find_out_that_spinning_would_do) {
    constexpr std::uint64_t kWakeUpNs = 20'000;
    AdaptiveSpin spin;
    int waits = 0;
    for (std::uint64_t budget_ns = 0; (budget_ns = spin.begin_wait()) < kWakeUpNs;) {
        if (budget_ns > 0) {
            spin.unanswered();
        }
        spin.slept(2 * kWakeUpNs);
        ASSERT_LT(++waits, 20);
    }
    spin.answered(kWakeUpNs);
    EXPECT_GT(spin.begin_wait(), kWakeUpNs);
}

TEST(AdaptiveSpin, spends_little_where_only_sleeping_brings_the_answer) {
    AdaptiveSpin spin;
    std::uint64_t spent_ns = 0;
    constexpr int kWaits = 10'000;
    for (int i = 0; i < kWaits; ++i) {
        const std::uint64_t budget_ns = spin.begin_wait();
        spent_ns += budget_ns;
        if (budget_ns > 0) {
            spin.unanswered();
        }
        spin.slept(budget_ns + 2'000);
    }
    EXPECT_LT(spent_ns / kWaits, 50U);
}

TEST(AdaptiveSpin, outlives_a_hiccup_but_not_three_in_a_row) {
    AdaptiveSpin spin;
    static_cast<void>(spin.begin_wait());
    spin.answered(300);
    for (int miss = 0; miss < 2; ++miss) {
        EXPECT_GT(spin.begin_wait(), 0U);
        spin.unanswered();
        spin.slept(5'000'000);
    }
    EXPECT_GT(spin.begin_wait(), 0U);
    spin.unanswered();
    EXPECT_EQ(spin.begin_wait(), 0U);
}

TEST(AdaptiveSpin, a_budget_that_was_just_too_short_grows) {
    AdaptiveSpin spin;
    static_cast<void>(spin.begin_wait());
    spin.answered(5'000);
    spin.unanswered();
    spin.slept(30'000);
    EXPECT_GT(spin.begin_wait(), 30'000U);
}

}  // namespace
}  // namespace mrda::ivshmem
