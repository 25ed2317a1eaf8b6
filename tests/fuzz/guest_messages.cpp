// SPDX-License-Identifier: MIT
// A guest's ring full of anything: the host takes messages out of it, and its own view of who has
// which slot stays right.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "check.h"
#include "mrda/ivshmem/message.h"
#include "mrda/ivshmem/ring.h"

namespace {

using namespace mrda::ivshmem;
using Owner = SlotOwners::Owner;

constexpr std::uint32_t kSlots = 3;

std::uint32_t count(const SlotOwners& slots, Owner who) {
    std::uint32_t found = 0;
    for (std::uint32_t slot = 0; slot < slots.count(); ++slot) {
        found += slots.owner(slot) == who ? 1 : 0;
    }
    return found;
}

void check_one(const Descriptor& descriptor, const SessionLayout& layout, SlotOwners& input,
               SlotOwners& output) {
    const std::uint32_t inputs = count(input, Owner::host);
    const std::uint32_t outputs = count(output, Owner::host);
    const auto kind = accept_from_guest(descriptor, layout, input, output);
    const bool frame = kind.ok() && *kind == GuestKind::frame;
    const bool release = kind.ok() && *kind == GuestKind::release;
    check(count(input, Owner::host) == inputs + (frame ? 1 : 0));
    check(count(output, Owner::host) == outputs + (release ? 1 : 0));
    if (frame || release) {
        check(descriptor.slot < kSlots);
        check(!frame || descriptor.bytes <= layout.input_slot_bytes());
    }
    check(kind.ok() || !kind.error().message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const SessionLayout layout =
        SessionLayout::make({kSlots, kPageBytes, kSlots, kPageBytes}).value();
    alignas(kPageBytes) std::array<std::byte, 2 * kPageBytes> memory{};
    check(layout.ring_bytes() <= kPageBytes);
    const PeerMemory entries(memory.data(), layout.ring_bytes());
    RingConsumer consumer(entries, PeerMemory(memory.data() + kPageBytes, kPageBytes));
    SlotOwners input(kSlots, Owner::guest);
    SlotOwners output(kSlots, Owner::guest);
    // A sequence that fits is a matter of luck: where the first byte is even, it is given.
    const bool wild = size > 0 && (data[0] & 1) != 0;
    for (std::uint32_t position = 0; size > 0; ++position) {
        Descriptor descriptor{};
        std::array<std::uint8_t, 24> bytes{};
        const std::size_t taken = std::min(size, bytes.size());
        std::memcpy(bytes.data(), data, taken);
        data += taken;
        size -= taken;
        std::memcpy(&descriptor, bytes.data(), bytes.size());
        descriptor.sequence = wild ? descriptor.sequence : position + 1;
        entries.publish(position % layout.ring_capacity() * sizeof descriptor, descriptor);
        for (auto got = consumer.pop(); got.ok() && *got; got = consumer.pop()) {
            check_one(**got, layout, input, output);
        }
    }
    return 0;
}
