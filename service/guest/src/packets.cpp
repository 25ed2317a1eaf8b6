// SPDX-License-Identifier: MIT
#include "packets.h"

#include <algorithm>
#include <span>
#include <utility>

#include "mrda/ivshmem/device_memory.h"
#include "os.h"

namespace mrda::guest::core {

Packets::Packets(ivshmem::Mapping memory, const ivshmem::SessionLayout& layout, bool in_device)
    : layout_(layout), in_device_(in_device) {
    add_memory(std::move(memory));
}

void Packets::add_memory(ivshmem::Mapping mapping) {
    memories_.push_back(
        {std::move(mapping), std::vector<Use>(layout_.output_slots(), Use::host),
         std::vector<std::uint64_t>(layout_.output_slots(), 0), 0,
         std::vector<std::vector<std::byte>>(in_device_ ? layout_.output_slots() : 0)});
}

const std::byte* Packets::slot_data(const Memory& memory, std::uint32_t slot) const {
    return memory.copies.empty() ? memory.mapping.data() + layout_.output_slot_offset(slot)
                                 : memory.copies[slot].data();
}

void Packets::arrived(const ivshmem::Descriptor& descriptor, std::uint64_t sent_at_ns) {
    Memory& memory = memories_.back();
    if (!memory.copies.empty()) {
        std::vector<std::byte>& copy = memory.copies[descriptor.slot];
        copy.resize(std::max<std::size_t>(descriptor.bytes, 1));
        ivshmem::copy_from_device(
            copy.data(), memory.mapping.data() + layout_.output_slot_offset(descriptor.slot),
            descriptor.bytes);
    }
    arrived_.push_back({&memory,
                        {.data = slot_data(memory, descriptor.slot),
                         .size_bytes = descriptor.bytes,
                         .pts = descriptor.pts,
                         .dts = descriptor.dts,
                         .sent_at_ns = sent_at_ns,
                         .slot = descriptor.slot,
                         .key_frame = (descriptor.flags & ivshmem::kFlagKeyFrame) != 0}});
    // Nothing throws from here on: a slot is in use only where its packet can be had.
    memory.uses[descriptor.slot] = Use::arrived;
    memory.sizes_bytes[descriptor.slot] = descriptor.bytes;
    ++memory.in_use;
}

std::optional<Packet> Packets::next() {
    if (arrived_.empty()) {
        return std::nullopt;
    }
    const Arrived oldest = arrived_.front();
    arrived_.pop_front();
    oldest.memory->uses[oldest.packet.slot] = Use::held;
    return oldest.packet;
}

bool Packets::is_full() const {
    return !arrived_.empty() && memories_.back().in_use == layout_.output_slots();
}

void Packets::free_slot(Memory& memory, std::uint32_t slot) {
    memory.uses[slot] = Use::host;
    --memory.in_use;
}

Packets::Released Packets::release(std::uint32_t slot, const std::byte* data) {
    if (slot >= layout_.output_slots()) {
        return Released::unknown;
    }
    const auto found = std::find_if(memories_.begin(), memories_.end(), [&](const Memory& memory) {
        return slot_data(memory, slot) == data && memory.uses[slot] == Use::held;
    });
    if (found == memories_.end()) {
        return Released::unknown;
    }
    free_slot(*found, slot);
    if (&*found == &memories_.back()) {
        return Released::to_host;
    }
    if (found->in_use == 0) {
        memories_.erase(found);
    }
    return Released::kept;
}

std::size_t Packets::drop_arrived(std::vector<std::uint32_t>& to_host) {
    const std::size_t dropped = arrived_.size();
    for (const Arrived& each : arrived_) {
        free_slot(*each.memory, each.packet.slot);
        if (each.memory == &memories_.back()) {
            to_host.push_back(each.packet.slot);
        }
    }
    arrived_.clear();
    const Memory* const current = &memories_.back();
    memories_.remove_if(
        [current](const Memory& memory) { return memory.in_use == 0 && &memory != current; });
    return dropped;
}

Result<void> Packets::replace_memory(ivshmem::Mapping fresh) {
    Memory& old = memories_.back();
    if (old.in_use == 0) {
        memories_.pop_back();
    } else if (old.copies.empty()) {
        std::vector<std::span<const std::byte>> keep;
        for (std::uint32_t slot = 0; slot < layout_.output_slots(); ++slot) {
            if (old.uses[slot] != Use::host) {
                keep.emplace_back(slot_data(old, slot), old.sizes_bytes[slot]);
            }
        }
        MRDA_TRY(os::make_private({old.mapping.data(), old.mapping.size_bytes()}, keep));
    }
    add_memory(std::move(fresh));
    return {};
}

}  // namespace mrda::guest::core
