// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/adaptive_spin.h"

#include <algorithm>

namespace mrda::ivshmem {

namespace {

/// Room for an answer so much slower, so that one late answer does not end it.
constexpr std::uint64_t kRoom = 4;
/// By what part of itself a budget falls with an answer that needs less.
constexpr std::uint64_t kSlowness = 16;

}  // namespace

std::uint64_t AdaptiveSpin::begin_wait() {
    if (budget_ns_ > 0) {
        return budget_ns_;
    }
    if (waits_to_trial_ > 0) {
        --waits_to_trial_;
        return 0;
    }
    return trial_ns_;
}

void AdaptiveSpin::answered(std::uint64_t spun_ns) {
    // Up at once, down slowly: one quick answer says little of how late the next may be.
    budget_ns_ = std::clamp(std::max(kRoom * spun_ns, budget_ns_ - budget_ns_ / kSlowness),
                            kLeastBudgetNs, kMaxBudgetNs);
    misses_ = 0;
    pause_ = kFirstPause;
}

void AdaptiveSpin::unanswered() {
    if (budget_ns_ > kTrialNs && ++misses_ < kMostMisses) {
        budget_ns_ = std::max(budget_ns_ / 2, kTrialNs);
        return;
    }
    budget_ns_ = 0;
    waits_to_trial_ = pause_;
    pause_ = std::min(pause_ * 2, kLastPause);
}

void AdaptiveSpin::slept(std::uint64_t waited_ns) {
    // Two sides that both sleep find each other as slow as their wake-ups are: a short trial would
    // never see the end of that. On one core a wait is short, and so is the trial in vain.
    const bool soon = waited_ns <= 2 * kMaxBudgetNs;
    trial_ns_ = soon ? std::clamp(kRoom * waited_ns, kTrialNs, kMaxBudgetNs) : kTrialNs;
    if (budget_ns_ > 0 && soon) {
        budget_ns_ = trial_ns_;
    }
}

}  // namespace mrda::ivshmem
