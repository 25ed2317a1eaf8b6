// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/session_layout.h"

#include <algorithm>
#include <bit>
#include <string>

namespace mrda::ivshmem {

namespace {

/// Beyond one entry for each slot: end of stream, reset, failure, and some air.
constexpr std::uint32_t kSpareEntries = 16;
/// One page of descriptors.
constexpr std::uint32_t kMinCapacity = kPageBytes / sizeof(Descriptor);
/// Of the feature bits, the ways of waking that this code can do.
constexpr std::uint64_t kKnownWakeups =
    kFeatureFutex | kFeatureDoorbell | kFeatureStream | kFeaturePolling;

std::uint64_t whole_pages(std::uint64_t size_bytes) {
    return (size_bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
}

Result<void> check_slots(const char* which, std::uint32_t count, std::uint64_t size_bytes) {
    if (count == 0 || count > kMaxSlots) {
        return make_error(Errc::invalid_argument, std::to_string(count) + " " + which +
                                                      " slots; from 1 to " +
                                                      std::to_string(kMaxSlots) + " can be");
    }
    if (size_bytes == 0 || size_bytes > kMaxSlotBytes) {
        return make_error(Errc::invalid_argument,
                          std::string(which) + " slots of " + std::to_string(size_bytes) +
                              " bytes; from 1 to " + std::to_string(kMaxSlotBytes) + " can be");
    }
    return {};
}

}  // namespace

Result<SessionLayout> SessionLayout::make(const SlotCounts& slots) {
    MRDA_TRY(check_slots("input", slots.input_slots, slots.input_slot_bytes));
    MRDA_TRY(check_slots("output", slots.output_slots, slots.output_slot_bytes));
    SessionLayout layout;
    layout.slots_ = slots;
    layout.slots_.input_slot_bytes = whole_pages(slots.input_slot_bytes);
    layout.slots_.output_slot_bytes = whole_pages(slots.output_slot_bytes);
    // A slot is in a ring at most once, so with an entry for each slot no ring can be full.
    layout.ring_capacity_ = std::max(
        kMinCapacity, std::bit_ceil(slots.input_slots + slots.output_slots + kSpareEntries));
    return layout;
}

Result<SessionLayout> SessionLayout::from_peer(const SlotCounts& slots,
                                               std::uint32_t ring_capacity) {
    MRDA_ASSIGN(SessionLayout layout, make(slots));
    if (layout.input_slot_bytes() != slots.input_slot_bytes ||
        layout.output_slot_bytes() != slots.output_slot_bytes ||
        layout.ring_capacity() != ring_capacity) {
        return make_error(Errc::invalid_argument,
                          "slots of " + std::to_string(slots.input_slot_bytes) + " and " +
                              std::to_string(slots.output_slot_bytes) + " bytes with rings of " +
                              std::to_string(ring_capacity) +
                              " entries; wanted are whole pages, and " +
                              std::to_string(layout.ring_capacity()) + " entries");
    }
    return layout;
}

SessionHeader SessionLayout::header(std::uint64_t session_id, std::uint32_t epoch,
                                    std::uint64_t features) const {
    return {.magic = kMagic,
            .version_major = kVersionMajor,
            .version_minor = kVersionMinor,
            .header_bytes = sizeof(SessionHeader),
            .epoch = epoch,
            .session_id = session_id,
            .features = features,
            .ring_capacity = ring_capacity_,
            .input_slots = slots_.input_slots,
            .output_slots = slots_.output_slots,
            .reserved = 0,
            .input_slot_bytes = slots_.input_slot_bytes,
            .output_slot_bytes = slots_.output_slot_bytes};
}

Result<void> check_header(const SessionHeader& header, const SessionLayout& layout,
                          std::uint64_t session_id, std::uint32_t epoch) {
    if (header.magic != kMagic) {
        return make_error(Errc::corrupt,
                          "the region holds no session of MRDA where the service said; is it the "
                          "region that the service uses?");
    }
    if (header.version_major != kVersionMajor) {
        return make_error(Errc::unsupported,
                          "the host writes wire format " + std::to_string(header.version_major) +
                              "." + std::to_string(header.version_minor) + ", this guest reads " +
                              std::to_string(kVersionMajor) + "." + std::to_string(kVersionMinor) +
                              "; update the older one");
    }
    if (header.epoch != epoch || header.session_id != session_id) {
        return make_error(Errc::busy, "the region holds session " +
                                          std::to_string(header.session_id) + " of epoch " +
                                          std::to_string(header.epoch) + ", not session " +
                                          std::to_string(session_id) + " of epoch " +
                                          std::to_string(epoch) + "; attach again");
    }
    if ((header.features & kKnownWakeups) == 0) {
        // Each side would sleep through what the other sends.
        return make_error(Errc::unsupported, "the host's feature bits are " +
                                                 std::to_string(header.features) +
                                                 ", and name no way of waking that this guest "
                                                 "knows (1: futex); update the older one");
    }
    const SessionHeader wanted = layout.header(session_id, epoch, header.features);
    if (header.header_bytes < sizeof(SessionHeader) ||
        header.ring_capacity != wanted.ring_capacity || header.input_slots != wanted.input_slots ||
        header.output_slots != wanted.output_slots ||
        header.input_slot_bytes != wanted.input_slot_bytes ||
        header.output_slot_bytes != wanted.output_slot_bytes) {
        return make_error(Errc::corrupt,
                          "the session's first page tells another layout than the service did");
    }
    return {};
}

}  // namespace mrda::ivshmem
