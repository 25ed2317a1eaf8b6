// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/peer_memory.h"

namespace mrda::ivshmem {

/// How one side sleeps until it is woken, and wakes the other. The sleep words in shared memory say
/// whether a wake-up is needed at all; this is only the means. The seam behind which a futex, a
/// doorbell with its interrupt, or another system's event stands.
class Wakeup {
  public:
    virtual ~Wakeup() = default;

    /// Sleeps until this side is woken, at most until `deadline_ns`; a wake-up that came since the
    /// sleep word became 1 counts. May return early, for no reason, so the caller looks at its ring
    /// again. `slept`: how often the same wait has slept before. False: nothing will come any more,
    /// so the wait is over.
    virtual bool sleep(std::uint64_t deadline_ns, unsigned slept) = 0;
    /// Wakes the other side. Any thread.
    virtual void wake_peer() = 0;
    /// Wakes this side's sleeper, from another thread of this process.
    virtual void wake_self() = 0;
};

/// Both sides on one kernel: futex(2) on the sleep words of the mapped control pages, which must
/// outlive this.
std::unique_ptr<Wakeup> make_futex_wakeup(PeerMemory own_page, PeerMemory peer_page);

/// Wakes the other side, where that is not done by futex.
class Bell {
  public:
    virtual ~Bell() = default;

    /// Any thread. Does not wait.
    virtual void ring() = 0;
};

/// Writes to `event`, an eventfd.
std::unique_ptr<Bell> make_event_bell(Fd event);

/// Something else that ends a sleep: `fd`, borrowed, can be read. `seen` is called by who slept,
/// and must see to it that it cannot be read for ever.
struct OtherEvent {
    int fd = -1;                 ///< -1: there is none.
    std::function<bool()> seen;  ///< False: nothing will come any more.
};

/// Whoever wakes this side writes to the eventfd `own`, which nobody else reads. `bell`: null where
/// the other side looks by itself.
std::unique_ptr<Wakeup> make_event_wakeup(Fd own, std::unique_ptr<Bell> bell,
                                          OtherEvent other = {});

/// Nobody can wake this side: it looks again after 50 us, and then ever less often, up to 2 ms.
/// Errors: exhausted.
Result<std::unique_ptr<Wakeup>> make_polling_wakeup(std::unique_ptr<Bell> bell,
                                                    OtherEvent other = {});

/// How this side wakes and is woken, as both have agreed on it.
enum class WakeBy : std::uint8_t {
    futex,     ///< Both are on one kernel.
    doorbell,  ///< An IVSHMEM device's register, or its interrupt.
    stream,    ///< Messages of the service, which coalesce.
    polling,   ///< Not at all: who sleeps looks by itself.
};
std::string_view to_string(WakeBy by);
std::optional<WakeBy> parse_wake_by(std::string_view text);
/// The bit of SessionHeader::features that says so.
std::uint64_t feature_of(WakeBy by);

/// A new eventfd, close-on-exec, that does not block. Errors: exhausted.
Result<Fd> make_event();
/// Any thread. What it counts is not told to anybody.
void signal_event(int event);
/// Back to 0. Any thread; does not wait.
void clear_event(int event);

/// The clock of all deadlines here: nanoseconds of CLOCK_MONOTONIC.
std::uint64_t now_ns();
inline constexpr std::uint64_t kNoDeadline = std::numeric_limits<std::uint64_t>::max();

}  // namespace mrda::ivshmem
