// SPDX-License-Identifier: MIT
#include "device.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "mrda/interop/seals.h"
#include "mrda/media/loaded_plugin.h"

namespace mrda::l0::plugin {

namespace {

constexpr std::array kBanks = {UsmKind::device, UsmKind::host, UsmKind::shared};
static_assert(kBanks.size() <= MRDA_MAX_BANKS);

/// Of all the device's own memories together; 0: its driver does not say.
std::uint64_t memory_bytes(ze_device_handle_t device) {
    std::uint32_t count = 0;
    if (zeDeviceGetMemoryProperties(device, &count, nullptr) != ZE_RESULT_SUCCESS) {
        return 0;
    }
    ze_device_memory_properties_t one{};
    one.stype = ZE_STRUCTURE_TYPE_DEVICE_MEMORY_PROPERTIES;
    std::vector<ze_device_memory_properties_t> all(count, one);
    if (count == 0 ||
        zeDeviceGetMemoryProperties(device, &count, all.data()) != ZE_RESULT_SUCCESS) {
        return 0;
    }
    std::uint64_t bytes = 0;
    for (const ze_device_memory_properties_t& memory : all) {
        bytes += memory.totalSize;
    }
    return bytes;
}

std::uint32_t reach_of(UsmKind kind, Exportable exportable) {
    return MRDA_MEMORY_ADDRESS | (kind == UsmKind::device ? 0U : std::uint32_t{MRDA_MEMORY_PAGES}) |
           (exportable == Exportable::dma_buf ? std::uint32_t{MRDA_MEMORY_OBJECT} : 0U);
}

}  // namespace

Result<std::unique_ptr<Device>> Device::open(std::uint32_t index) {
    MRDA_ASSIGN(Context context, Context::open(index));
    return std::unique_ptr<Device>(new Device(std::move(context)));
}

// Of host and shared memory no driver promises an export.
Exportable Device::exportable(UsmKind kind) const {
    return kind == UsmKind::device && context_.info().exports_dma_buf ? Exportable::dma_buf
                                                                      : Exportable::no;
}

void Device::describe(mrda_device_info& info) const {
    mrda_device_info own{};
    own.size_bytes = sizeof own;
    own.bank_count = kBanks.size();
    media::copy_text(own.name, context_.info().name);
    if (context_.info().pci) {
        media::copy_text(own.address, mrda::to_string(*context_.info().pci));
    }
    for (std::size_t i = 0; i < kBanks.size(); ++i) {
        mrda_bank& bank = own.banks[i];
        media::copy_text(bank.name, to_string(kBanks[i]));
        bank.memory = reach_of(kBanks[i], exportable(kBanks[i]));
        bank.size_bytes = kBanks[i] == UsmKind::device ? memory_bytes(context_.device()) : 0;
    }
    const std::size_t room = info.size_bytes != 0 ? info.size_bytes : sizeof own;
    std::memcpy(&info, &own, std::min(room, sizeof own));
}

template <typename Append>
Result<void> Device::run(Append append) {
    return lists_.with_one(
        [this] { return CommandList::create(context_, CommandList::Kind::immediate); },
        [&](CommandList& list) -> Result<void> {
            MRDA_TRY(append(list));
            return list.wait();
        });
}

Result<void> Device::clear(const UsmBuffer& usm) {
    constexpr std::array kZero = {std::byte{0}};
    return run([&](CommandList& list) { return list.fill(usm.data(), kZero, usm.size_bytes()); });
}

Result<void> Device::copy(void* to, const void* from, std::size_t size_bytes) {
    return run([&](CommandList& list) { return list.copy(to, from, size_bytes); });
}

Result<std::unique_ptr<Memory>> Device::allocate(std::uint32_t bank, std::uint64_t length_bytes) {
    if (bank >= kBanks.size()) {
        return make_error(Errc::invalid_argument, "bank " + std::to_string(bank) + " asked of " +
                                                      context_.info().name + ", which has " +
                                                      std::to_string(kBanks.size()));
    }
    const Exportable exported = exportable(kBanks[bank]);
    MRDA_ASSIGN(UsmBuffer usm, UsmBuffer::allocate(context_, kBanks[bank], length_bytes, exported));
    auto memory = std::make_unique<Memory>(Memory{std::move(usm), std::nullopt});
    MRDA_TRY(clear(memory->usm));
    if (exported == Exportable::dma_buf) {
        MRDA_ASSIGN(memory->object, memory->usm.export_dma_buf());
    }
    return memory;
}

void Device::describe(const Memory& memory, mrda_buffer& buffer) {
    const UsmBuffer& usm = memory.usm;
    mrda_buffer own{};
    own.size_bytes = sizeof own;
    own.memory = reach_of(usm.kind(), memory.object ? Exportable::dma_buf : Exportable::no);
    own.length_bytes = usm.size_bytes();
    own.pages = usm.host_accessible() ? usm.data() : nullptr;
    own.address = reinterpret_cast<std::uint64_t>(usm.data());
    own.fd = memory.object ? memory.object->fd() : -1;
    own.offset_bytes = memory.object ? memory.object->offset_bytes() : 0;
    own.flags = memory.object && unshrinkable_size_bytes(memory.object->fd()).ok()
                    ? std::uint32_t{MRDA_BUFFER_SEALED}
                    : 0U;
    // A host may be older than this, and its structure shorter.
    const std::size_t room = buffer.size_bytes != 0 ? buffer.size_bytes : sizeof own;
    std::memcpy(&buffer, &own, std::min(room, sizeof own));
}

}  // namespace mrda::l0::plugin
