// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/adaptive_spin.h"

#include <algorithm>

namespace mrda::ivshmem {

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
    // Room for an answer four times as slow, so that one late answer does not end it.
    budget_ns_ = std::clamp(4 * spun_ns, kLeastBudgetNs, kMaxBudgetNs);
    pause_ = kFirstPause;
}

void AdaptiveSpin::unanswered() {
    if (budget_ns_ > kTrialNs) {
        budget_ns_ = std::max(budget_ns_ / 2, kTrialNs);
        return;
    }
    budget_ns_ = 0;
    waits_to_trial_ = pause_;
    pause_ = std::min(pause_ * 2, kLastPause);
}

void AdaptiveSpin::slept(std::uint64_t waited_ns) {
    // Two sleepers see each other as slow as their wake-ups are, which a short trial would never
    // find out. On one core a wait is short, and so is the trial that is in vain.
    const bool soon = waited_ns <= 2 * kMaxBudgetNs;
    trial_ns_ = soon ? std::clamp(4 * waited_ns, kTrialNs, kMaxBudgetNs) : kTrialNs;
}

}  // namespace mrda::ivshmem
