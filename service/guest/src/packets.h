// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <span>
#include <vector>

#include "mrda/ivshmem/region.h"
#include "mrda/ivshmem/session_layout.h"
#include "mrda/ivshmem/wire_format.h"

namespace mrda::guest::core {

struct Packet {
    const std::byte* data;
    std::uint64_t size_bytes;
    std::int64_t pts;
    std::int64_t dts;
    std::uint64_t sent_at_ns;  ///< Its frame; 0: not known.
    std::uint32_t slot;
    bool key_frame;
};

/// The output slots: which packets came, and which the application has. Packets outlive the memory
/// that they came in. For one thread at a time.
class Packets {
  public:
    /// `in_device`: the memory may be write-combined, so packets are copied out of it as they come.
    Packets(ivshmem::Mapping memory, const ivshmem::SessionLayout& layout, bool in_device = false);

    /// `descriptor` has been accepted from the host.
    void arrived(const ivshmem::Descriptor& descriptor, std::uint64_t sent_at_ns);
    /// The oldest that the application has not had; it has it now.
    std::optional<Packet> next();
    [[nodiscard]] bool has_next() const { return !arrived_.empty(); }
    /// Whether next() would give one, and the host cannot send more before it does.
    [[nodiscard]] bool is_full() const;

    enum class Released : std::uint8_t {
        unknown,  ///< The application does not have it.
        to_host,  ///< The slot is the host's again: tell it.
        kept,     ///< It was a packet of memory that is gone.
    };
    Released release(std::uint32_t slot, const std::byte* data);

    /// Forgets all that the application has not had. Returns how many there were, and puts the
    /// slots that are the host's again into `to_host`.
    std::size_t drop_arrived(std::vector<std::uint32_t>& to_host);

    /// Goes on in `fresh`. Packets of the old memory become private copies in the same place.
    /// Errors: out_of_memory.
    Result<void> replace_memory(ivshmem::Mapping fresh);

    /// Where packets come in now.
    [[nodiscard]] std::span<std::byte> memory() const {
        const ivshmem::Mapping& mapping = memories_.back().mapping;
        return {mapping.data(), static_cast<std::size_t>(mapping.size_bytes())};
    }

    /// No page of the memory is touched any more; packets stay readable. Errors: out_of_memory.
    Result<void> let_go() { return memories_.back().mapping.let_go(); }

  private:
    enum class Use : std::uint8_t { host, arrived, held };
    struct Memory {
        ivshmem::Mapping mapping;
        std::vector<Use> uses;
        std::vector<std::uint64_t> sizes_bytes;
        std::uint32_t in_use = 0;
        std::vector<std::vector<std::byte>> copies;  // Of a device's slots, by slot; else empty.
    };
    struct Arrived {
        Memory* memory;
        Packet packet;
    };

    void add_memory(ivshmem::Mapping mapping);
    void free_slot(Memory& memory, std::uint32_t slot);
    [[nodiscard]] const std::byte* slot_data(const Memory& memory, std::uint32_t slot) const;

    ivshmem::SessionLayout layout_;
    bool in_device_;
    std::list<Memory> memories_;  // The last is the session's, the others have packets in use.
    std::deque<Arrived> arrived_;
};

}  // namespace mrda::guest::core
