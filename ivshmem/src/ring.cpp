// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/ring.h"

#include <bit>
#include <string>

namespace mrda::ivshmem {

namespace {

std::uint32_t capacity_of(const PeerMemory& entries) {
    const auto capacity = static_cast<std::uint32_t>(entries.size_bytes() / sizeof(Descriptor));
    if (!std::has_single_bit(capacity)) {
        __builtin_trap();  // SessionLayout makes no other.
    }
    return capacity;
}

std::size_t offset_of(std::uint32_t position, std::uint32_t capacity) {
    return std::size_t{position & (capacity - 1)} * sizeof(Descriptor);
}

}  // namespace

RingProducer::RingProducer(PeerMemory entries, PeerMemory peer_page)
    : entries_(entries), peer_page_(peer_page), capacity_(capacity_of(entries)) {}

Result<bool> RingProducer::push(Descriptor descriptor) {
    if (position_ - seen_consumed_ == capacity_) {
        const std::uint32_t consumed = peer_page_.load(kConsumedOffset, std::memory_order_acquire);
        if (position_ - consumed > capacity_) {
            return make_error(Errc::corrupt, "the peer claims to have taken " +
                                                 std::to_string(consumed) + " descriptors of " +
                                                 std::to_string(position_) + " sent");
        }
        seen_consumed_ = consumed;
        if (position_ - seen_consumed_ == capacity_) {
            return false;
        }
    }
    descriptor.sequence = position_ + 1;
    entries_.publish(offset_of(position_, capacity_), descriptor);
    ++position_;
    return true;
}

RingConsumer::RingConsumer(PeerMemory entries, PeerMemory own_page)
    : entries_(entries), own_page_(own_page), capacity_(capacity_of(entries)) {}

bool RingConsumer::ready() const {
    return entries_.load(offset_of(position_, capacity_), std::memory_order_acquire) ==
           position_ + 1;
}

Result<std::optional<Descriptor>> RingConsumer::pop() {
    const std::size_t offset = offset_of(position_, capacity_);
    const std::uint32_t sequence = entries_.load(offset, std::memory_order_acquire);
    const std::uint32_t empty = first_lap_ ? 0 : position_ + 1 - capacity_;
    if (sequence == empty) {
        return std::optional<Descriptor>();
    }
    if (sequence != position_ + 1) {
        return make_error(Errc::corrupt, "the ring was overwritten: its next entry has sequence " +
                                             std::to_string(sequence) + ", and could have " +
                                             std::to_string(empty) + " or " +
                                             std::to_string(position_ + 1));
    }
    const std::optional descriptor(entries_.copy<Descriptor>(offset));
    ++position_;
    first_lap_ = first_lap_ && position_ != capacity_;
    own_page_.store(kConsumedOffset, position_, std::memory_order_release);
    return descriptor;
}

}  // namespace mrda::ivshmem
