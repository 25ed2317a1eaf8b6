// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "mrda/interop/result.h"
#include "mrda/ivshmem/peer_memory.h"
#include "mrda/ivshmem/wire_format.h"

namespace mrda::ivshmem {

/// The sending end of a single-producer, single-consumer ring. For one thread at a time. Never
/// waits. What the peer writes can make it refuse, never write outside of the ring.
class RingProducer {
  public:
    /// `entries` is the ring, a power of two of descriptors; `consumed` the word in which the other
    /// side counts what it took.
    RingProducer(PeerMemory entries, PeerMemory peer_page);

    /// Copies `descriptor` into the ring; its sequence is set here. False: the ring is full.
    /// Errors: corrupt (the peer claims to have taken what was never sent).
    [[nodiscard]] Result<bool> push(Descriptor descriptor);

  private:
    PeerMemory entries_;
    PeerMemory peer_page_;
    std::uint32_t capacity_;
    std::uint32_t position_ = 0;
    std::uint32_t seen_consumed_ = 0;
};

/// The receiving end. For one thread at a time. Never waits.
class RingConsumer {
  public:
    /// `own_page` is where this side counts what it took.
    RingConsumer(PeerMemory entries, PeerMemory own_page);

    /// Whether pop() would find something. Cheap: what a spinning wait asks.
    [[nodiscard]] bool ready() const;
    /// A private copy of the oldest entry, which is free again; none where the peer has sent
    /// nothing. What it says is the peer's word: check it (see message.h). Errors: corrupt (what
    /// stands there belongs neither to this lap nor to the one before: it was overwritten, and
    /// nothing more can come).
    [[nodiscard]] Result<std::optional<Descriptor>> pop();

  private:
    PeerMemory entries_;
    PeerMemory own_page_;
    std::uint32_t capacity_;
    std::uint32_t position_ = 0;
    bool first_lap_ = true;
};

}  // namespace mrda::ivshmem
