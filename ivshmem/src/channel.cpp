// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/channel.h"

#include <algorithm>
#include <utility>

namespace mrda::ivshmem {

namespace {

/// Between two looks at the clock while spinning.
constexpr int kLooksPerTick = 16;

void relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace

Channel::Channel(RingProducer producer, RingConsumer consumer, PeerMemory own_page,
                 PeerMemory peer_page, std::unique_ptr<Wakeup> wakeup)
    : producer_(producer),
      consumer_(consumer),
      own_page_(own_page),
      peer_page_(peer_page),
      wakeup_(std::move(wakeup)),
      interrupted_(std::make_unique<std::atomic<bool>>(false)) {}

Result<Channel> Channel::attach(PeerMemory control, const SessionLayout& layout, Side side,
                                std::unique_ptr<Wakeup> wakeup) {
    MRDA_ASSIGN(const PeerMemory host, control.range(kHostPage * kPageBytes, kPageBytes));
    MRDA_ASSIGN(const PeerMemory guest, control.range(kGuestPage * kPageBytes, kPageBytes));
    MRDA_ASSIGN(const PeerMemory from_guest,
                control.range(layout.guest_ring_offset(), layout.ring_bytes()));
    MRDA_ASSIGN(const PeerMemory from_host,
                control.range(layout.host_ring_offset(), layout.ring_bytes()));
    const PeerMemory& own = side == Side::host ? host : guest;
    const PeerMemory& peer = side == Side::host ? guest : host;
    if (wakeup == nullptr) {
        wakeup = make_futex_wakeup(own, peer);
    }
    return Channel(RingProducer(side == Side::host ? from_host : from_guest, peer),
                   RingConsumer(side == Side::host ? from_guest : from_host, own), own, peer,
                   std::move(wakeup));
}

Result<void> Channel::initialise(PeerMemory control, const SessionLayout& layout,
                                 const SessionHeader& header) {
    MRDA_ASSIGN(const PeerMemory pages, control.range(0, layout.control_bytes()));
    pages.clear();
    pages.publish(kHeaderPage * kPageBytes, header);
    return {};
}

Result<bool> Channel::send(const Descriptor& descriptor) {
    MRDA_ASSIGN(const bool sent, producer_.push(descriptor));
    if (!sent) {
        return false;
    }
    // Pairs with the fence in wait(): either the sleeper sees the entry, or we see it sleep.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    // Two accesses and no exchange, which a device's memory would take badly. A sleeper that has
    // got up and lain down again between them is woken for nothing.
    if (peer_page_.load(kSleepOffset, std::memory_order_relaxed) != 0) {
        peer_page_.store(kSleepOffset, 0, std::memory_order_seq_cst);
        wakeup_->wake_peer();
    }
    return true;
}

bool Channel::spin(std::uint64_t begin_ns, std::uint64_t budget_ns) {
    for (;;) {
        for (int look = 0; look < kLooksPerTick; ++look) {
            if (consumer_.ready()) {
                spin_.answered(now_ns() - begin_ns);
                return true;
            }
            relax();
        }
        if (now_ns() - begin_ns >= budget_ns) {
            spin_.unanswered();
            return false;
        }
    }
}

bool Channel::wait(std::uint64_t deadline_ns) {
    if (consumer_.ready()) {
        return true;
    }
    const std::uint64_t begin_ns = now_ns();
    const std::uint64_t budget_ns = spin_.begin_wait();
    if (budget_ns > 0 && spin(begin_ns, budget_ns)) {
        return true;
    }
    for (unsigned slept = 0;; ++slept) {
        own_page_.store(kSleepOffset, 1, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        const bool ready = consumer_.ready();
        const bool late = deadline_ns != kNoDeadline && now_ns() >= deadline_ns;
        if (ready || interrupted_->exchange(false) || late) {
            if (ready) {
                spin_.slept(now_ns() - begin_ns);
            }
            own_page_.store(kSleepOffset, 0, std::memory_order_relaxed);
            return ready;
        }
        // No timer to look again by: it would be a tenth of a round trip on one core, and all that
        // idle sessions do. Who spoils the sleep words keeps only his own session asleep.
        if (!wakeup_->sleep(deadline_ns, slept)) {
            return false;
        }
    }
}

void Channel::interrupt() {
    interrupted_->store(true);
    own_page_.store(kSleepOffset, 0, std::memory_order_seq_cst);
    wakeup_->wake_self();
}

}  // namespace mrda::ivshmem
