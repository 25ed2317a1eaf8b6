// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace mrda::ivshmem {

/// How long to spin before sleeping. Spinning saves a wake-up where the answer comes soon, and
/// steals the core from whoever should answer where both share one, so the budget follows what
/// spinning has been worth: it grows with each answer seen while spinning, halves with each that
/// was not, and at zero is tried again only now and then, ever less often. For one thread.
class AdaptiveSpin {
  public:
    /// Longer than it takes to wake a peer whose core is idle, also in a virtual machine.
    static constexpr std::uint64_t kMaxBudgetNs = 200'000;

    /// For the wait that begins now; 0: sleep at once.
    [[nodiscard]] std::uint64_t begin_wait();
    /// What became of that wait: the answer came after `spun_ns` of spinning, or did not.
    void answered(std::uint64_t spun_ns);
    void unanswered();
    /// If this thread slept then: the answer came `waited_ns` after the wait's begin.
    void slept(std::uint64_t waited_ns);

  private:
    static constexpr std::uint64_t kTrialNs = 3'000;
    /// Less is not kept after an answer, so that one hiccup does not end the spinning.
    static constexpr std::uint64_t kLeastBudgetNs = 4 * kTrialNs;
    static constexpr std::uint32_t kMostMisses = 3;
    static constexpr std::uint32_t kFirstPause = 8;
    static constexpr std::uint32_t kLastPause = 1'024;

    std::uint64_t budget_ns_ = kTrialNs;
    std::uint64_t trial_ns_ = kTrialNs;
    std::uint32_t misses_ = 0;           ///< Since the last answer.
    std::uint32_t pause_ = kFirstPause;  ///< Waits without spinning, between two trials.
    std::uint32_t waits_to_trial_ = 0;
};

}  // namespace mrda::ivshmem
