// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "mrda/interop/result.h"
#include "mrda/ivshmem/wire_format.h"

namespace mrda::ivshmem {

inline constexpr std::uint32_t kMaxSlots = 1024;  ///< In each direction.
inline constexpr std::uint64_t kMaxSlotBytes = std::uint64_t{1} << 32;

/// A range of a region that belongs to one session. Page-aligned at both ends.
struct Extent {
    std::uint64_t offset_bytes = 0;
    std::uint64_t size_bytes = 0;

    bool operator==(const Extent&) const = default;
};

/// How many slots of which size.
struct SlotCounts {
    std::uint32_t input_slots = 0;
    std::uint64_t input_slot_bytes = 0;  ///< Any; slots are rounded up to whole pages.
    std::uint32_t output_slots = 0;
    std::uint64_t output_slot_bytes = 0;
};

/// Where everything of a session lies in its two extents. The first holds the control pages, both
/// rings and the input slots; the second the output slots. They may be in one region, one behind
/// the other, or in two. Always whole: make() refuses what overflows. A plain value.
class SessionLayout {
  public:
    /// Errors: invalid_argument (no slot, too many, a size of 0 or too large).
    static Result<SessionLayout> make(const SlotCounts& slots);

    /// From what a peer says (a guest: from the service's answer). The slot sizes must be whole
    /// pages, and `ring_capacity` what make() would give. Errors: invalid_argument.
    static Result<SessionLayout> from_peer(const SlotCounts& slots, std::uint32_t ring_capacity);

    [[nodiscard]] std::uint32_t ring_capacity() const { return ring_capacity_; }
    [[nodiscard]] std::uint32_t input_slots() const { return slots_.input_slots; }
    [[nodiscard]] std::uint32_t output_slots() const { return slots_.output_slots; }
    [[nodiscard]] std::uint64_t input_slot_bytes() const { return slots_.input_slot_bytes; }
    [[nodiscard]] std::uint64_t output_slot_bytes() const { return slots_.output_slot_bytes; }

    /// Of the control pages and both rings: what comes before the first input slot.
    [[nodiscard]] std::uint64_t control_bytes() const {
        return std::uint64_t{kFixedPages} * kPageBytes + 2 * ring_bytes();
    }
    [[nodiscard]] std::uint64_t ring_bytes() const {
        return std::uint64_t{ring_capacity_} * sizeof(Descriptor);
    }
    /// In the first extent.
    [[nodiscard]] std::uint64_t guest_ring_offset() const { return kFixedPages * kPageBytes; }
    [[nodiscard]] std::uint64_t host_ring_offset() const {
        return guest_ring_offset() + ring_bytes();
    }
    [[nodiscard]] std::uint64_t input_slot_offset(std::uint32_t index) const {
        return control_bytes() + index * slots_.input_slot_bytes;
    }
    /// In the second extent.
    [[nodiscard]] std::uint64_t output_slot_offset(std::uint32_t index) const {
        return index * slots_.output_slot_bytes;
    }

    [[nodiscard]] std::uint64_t input_extent_bytes() const {
        return input_slot_offset(slots_.input_slots);
    }
    [[nodiscard]] std::uint64_t output_extent_bytes() const {
        return output_slot_offset(slots_.output_slots);
    }

    [[nodiscard]] SessionHeader header(std::uint64_t session_id, std::uint32_t epoch,
                                       std::uint64_t features) const;

    bool operator==(const SessionLayout& other) const {
        return ring_capacity_ == other.ring_capacity_ && input_slots() == other.input_slots() &&
               output_slots() == other.output_slots() &&
               input_slot_bytes() == other.input_slot_bytes() &&
               output_slot_bytes() == other.output_slot_bytes();
    }

  private:
    SessionLayout() = default;

    SlotCounts slots_;
    std::uint32_t ring_capacity_ = 0;
};

/// What a guest asks of a session's first page before it goes on.
/// Errors: corrupt (magic, another layout than the service told), unsupported (major version, both
/// named; no way of waking that this side knows), busy (another epoch: the service has been
/// restarted since).
Result<void> check_header(const SessionHeader& header, const SessionLayout& layout,
                          std::uint64_t session_id, std::uint32_t epoch);

}  // namespace mrda::ivshmem
