// SPDX-License-Identifier: MIT
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <climits>

#include "mrda/ivshmem/wakeup.h"
#include "mrda/ivshmem/wire_format.h"

namespace mrda::ivshmem {

namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

class FutexWakeup final : public Wakeup {
  public:
    FutexWakeup(PeerMemory own_page, PeerMemory peer_page)
        : own_(own_page.futex_word(kSleepOffset)), peer_(peer_page.futex_word(kSleepOffset)) {}

    bool sleep(std::uint64_t deadline_ns, unsigned /*slept*/) override {
        timespec deadline{};
        deadline.tv_sec = static_cast<time_t>(deadline_ns / kNsPerSecond);
        deadline.tv_nsec = static_cast<long>(deadline_ns % kNsPerSecond);
        // Not FUTEX_PRIVATE_FLAG: the word is shared. The bitset form takes an absolute time. Any
        // outcome is a reason to look again, so none is looked at.
        ::syscall(SYS_futex, own_, FUTEX_WAIT_BITSET, 1U,
                  deadline_ns == kNoDeadline ? nullptr : &deadline, nullptr,
                  FUTEX_BITSET_MATCH_ANY);
        return true;
    }
    void wake_peer() override { wake(peer_); }
    void wake_self() override { wake(own_); }

  private:
    static void wake(std::uint32_t* word) {
        ::syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
    }

    std::uint32_t* own_;
    std::uint32_t* peer_;
};

}  // namespace

std::unique_ptr<Wakeup> make_futex_wakeup(PeerMemory own_page, PeerMemory peer_page) {
    return std::make_unique<FutexWakeup>(own_page, peer_page);
}

}  // namespace mrda::ivshmem
