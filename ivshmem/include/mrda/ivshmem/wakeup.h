// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include "mrda/ivshmem/peer_memory.h"

namespace mrda::ivshmem {

/// How one side sleeps until it is woken, and wakes the other. The sleep words in shared memory say
/// whether a wake-up is needed at all; this is only the means. The seam behind which a futex, a
/// doorbell with its interrupt, or another system's event stands.
class Wakeup {
  public:
    virtual ~Wakeup() = default;

    /// Sleeps while this side's sleep word is 1, at most until `deadline_ns`. May return early, for
    /// no reason.
    virtual void sleep(std::uint64_t deadline_ns) = 0;
    /// Wakes the other side. Any thread.
    virtual void wake_peer() = 0;
    /// Wakes this side's sleeper, from another thread of this process.
    virtual void wake_self() = 0;
};

/// Both sides on one kernel: futex(2) on the sleep words of the mapped control pages, which must
/// outlive this.
std::unique_ptr<Wakeup> make_futex_wakeup(PeerMemory own_page, PeerMemory peer_page);

/// The clock of all deadlines here: nanoseconds of CLOCK_MONOTONIC.
std::uint64_t now_ns();
inline constexpr std::uint64_t kNoDeadline = std::numeric_limits<std::uint64_t>::max();

}  // namespace mrda::ivshmem
