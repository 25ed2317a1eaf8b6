// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/message.h"

#include <string>

namespace mrda::ivshmem {

namespace {

using Owner = SlotOwners::Owner;

Error refused(const char* from, const std::string& what) {
    return make_error(Errc::corrupt, std::string("the ") + from + " sent " + what);
}

/// Moves slot `index` to `to`, if it is the other's now.
Result<void> take(const char* from, const char* which, SlotOwners& slots, std::uint32_t index,
                  Owner to) {
    if (index >= slots.count()) {
        return refused(from, std::string(which) + " slot " + std::to_string(index) + " of " +
                                 std::to_string(slots.count()));
    }
    if (slots.owner(index) == to) {
        return refused(from, std::string(which) + " slot " + std::to_string(index) +
                                 ", which is not its own to give");
    }
    slots.give(index, to);
    return {};
}

Result<void> check_payload(const char* from, std::uint64_t size_bytes, std::uint64_t slot_bytes) {
    if (size_bytes > slot_bytes) {
        return refused(
            from, std::to_string(size_bytes) + " bytes in a slot of " + std::to_string(slot_bytes));
    }
    return {};
}

Result<void> check_flags(const char* from, std::uint16_t flags, std::uint16_t known) {
    if ((flags & ~known) != 0) {
        return refused(from, "flags " + std::to_string(flags) + ", of which only " +
                                 std::to_string(known) + " are known");
    }
    return {};
}

Result<void> check_status(const char* from, const char* which, std::uint32_t status,
                          std::uint32_t last) {
    if (status > last) {
        return refused(from, std::string(which) + " status " + std::to_string(status));
    }
    return {};
}

}  // namespace

Result<GuestKind> accept_from_guest(const Descriptor& descriptor, const SessionLayout& layout,
                                    SlotOwners& input, SlotOwners& output) {
    constexpr const char* kFrom = "guest";
    const auto kind = static_cast<GuestKind>(descriptor.kind);
    switch (kind) {
        case GuestKind::frame:
            MRDA_TRY(check_flags(kFrom, descriptor.flags, kFlagKeyFrame));
            MRDA_TRY(check_payload(kFrom, descriptor.bytes, layout.input_slot_bytes()));
            MRDA_TRY(take(kFrom, "input", input, descriptor.slot, Owner::host));
            return kind;
        case GuestKind::release:
            MRDA_TRY(check_flags(kFrom, descriptor.flags, 0));
            MRDA_TRY(take(kFrom, "output", output, descriptor.slot, Owner::host));
            return kind;
        case GuestKind::end_of_stream:
            MRDA_TRY(check_flags(kFrom, descriptor.flags, 0));
            return kind;
    }
    return refused(kFrom, "a message of kind " + std::to_string(descriptor.kind));
}

Result<HostKind> accept_from_host(const Descriptor& descriptor, const SessionLayout& layout,
                                  SlotOwners& input, SlotOwners& output) {
    constexpr const char* kFrom = "host";
    const auto kind = static_cast<HostKind>(descriptor.kind);
    switch (kind) {
        case HostKind::packet:
            MRDA_TRY(check_flags(kFrom, descriptor.flags, kFlagKeyFrame));
            MRDA_TRY(check_payload(kFrom, descriptor.bytes, layout.output_slot_bytes()));
            MRDA_TRY(take(kFrom, "output", output, descriptor.slot, Owner::guest));
            return kind;
        case HostKind::frame_done:
            MRDA_TRY(check_flags(kFrom, descriptor.flags, 0));
            MRDA_TRY(check_status(kFrom, "frame", descriptor.status,
                                  static_cast<std::uint32_t>(FrameStatus::failed)));
            MRDA_TRY(take(kFrom, "input", input, descriptor.slot, Owner::guest));
            return kind;
        case HostKind::end_of_stream:
            MRDA_TRY(check_flags(kFrom, descriptor.flags, 0));
            MRDA_TRY(check_status(kFrom, "end", descriptor.status,
                                  static_cast<std::uint32_t>(EndStatus::commanded)));
            return kind;
        case HostKind::reset_done:
        case HostKind::failed:
            MRDA_TRY(check_flags(kFrom, descriptor.flags, 0));
            return kind;
    }
    return refused(kFrom, "a message of kind " + std::to_string(descriptor.kind));
}

}  // namespace mrda::ivshmem
