// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "mrda/interop/result.h"
#include "mrda/ivshmem/adaptive_spin.h"
#include "mrda/ivshmem/ring.h"
#include "mrda/ivshmem/session_layout.h"
#include "mrda/ivshmem/wakeup.h"

namespace mrda::ivshmem {

/// One side's end of a session: a ring to send on, a ring to receive from, and the wake-ups for
/// both. For one thread at a time; only interrupt() is for any thread. The mapping behind the
/// control memory must outlive it.
class Channel {
  public:
    enum class Side : std::uint8_t { guest, host };

    /// `control` are the session's first control_bytes(). On the host's side, the rings must have
    /// been cleared (see initialise()). `wakeup`: null for both sides on one kernel.
    /// Errors: invalid_argument (`control` is too small).
    static Result<Channel> attach(PeerMemory control, const SessionLayout& layout, Side side,
                                  std::unique_ptr<Wakeup> wakeup = nullptr);

    /// Zeroes the control pages and writes the header: the host does, before the guest is told.
    /// Errors: invalid_argument (`control` is too small).
    static Result<void> initialise(PeerMemory control, const SessionLayout& layout,
                                   const SessionHeader& header);

    /// False: the ring is full. Wakes the other side if it sleeps. Does not wait. Errors: corrupt.
    [[nodiscard]] Result<bool> send(const Descriptor& descriptor);

    /// Does not wait. Errors: corrupt.
    [[nodiscard]] Result<std::optional<Descriptor>> receive() { return consumer_.pop(); }

    /// Waits until receive() would find something, until interrupt(), until `deadline_ns`, or until
    /// the wakeup has nothing to wait for; spins shortly first. True: there is something.
    [[nodiscard]] bool wait(std::uint64_t deadline_ns);

    /// Ends a wait() of another thread, or its next one. Any thread.
    void interrupt();

  private:
    Channel(RingProducer producer, RingConsumer consumer, PeerMemory own_page, PeerMemory peer_page,
            std::unique_ptr<Wakeup> wakeup);
    bool spin(std::uint64_t begin_ns, std::uint64_t budget_ns);

    RingProducer producer_;
    RingConsumer consumer_;
    PeerMemory own_page_;
    PeerMemory peer_page_;
    std::unique_ptr<Wakeup> wakeup_;
    AdaptiveSpin spin_;
    /// On the heap, so that the channel can move while nobody waits.
    std::unique_ptr<std::atomic<bool>> interrupted_;
};

}  // namespace mrda::ivshmem
