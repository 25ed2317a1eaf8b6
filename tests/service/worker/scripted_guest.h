// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "mrda/ivshmem/channel.h"
#include "mrda/ivshmem/message.h"
#include "mrda/ivshmem/region.h"

namespace mrda::service::test {

/// A guest that does what the test says. It checks whatever the host sends, as a real one would.
class ScriptedGuest {
  public:
    struct Packet {
        std::int64_t pts = 0;
        std::int64_t dts = 0;
        std::uint64_t cookie = 0;
        bool key_frame = false;
        std::vector<std::byte> data;
    };

    ScriptedGuest(const ivshmem::SessionLayout& layout, ivshmem::Mapping input,
                  ivshmem::Mapping output);

    /// The pixels of an input slot.
    [[nodiscard]] std::byte* input(std::uint32_t slot) const;
    [[nodiscard]] const ivshmem::Mapping& memory() const { return input_mapping_; }

    /// Puts exactly this into the ring.
    void send(const ivshmem::Descriptor& descriptor);
    /// `slot` becomes the host's.
    void send_frame(std::uint32_t slot, std::int64_t pts, std::uint64_t cookie, bool key = false);
    void send_end();
    void release(std::uint32_t slot);

    /// The next message, checked and booked below; a packet is copied out, and its slot released if
    /// release_at_once. Nothing: none came in time.
    std::optional<ivshmem::HostKind> take(std::uint64_t timeout_ns);
    /// Takes messages until one of `kind` came. False, and a failure of the test: it did not.
    bool take_until(ivshmem::HostKind kind);
    /// A slot of the guest's; takes messages until there is one.
    std::optional<std::uint32_t> free_input();

    bool release_at_once = true;
    std::vector<Packet> packets;
    std::vector<std::uint64_t> done_cookies;
    std::map<std::uint32_t, std::size_t> done_by_status;  // FrameStatus
    std::optional<std::uint32_t> failed_with;             // Errc
    std::optional<std::uint32_t> ended_with;              // EndStatus
    [[nodiscard]] std::size_t done() const { return done_cookies.size(); }

  private:
    void book(const ivshmem::Descriptor& descriptor, ivshmem::HostKind kind);

    ivshmem::SessionLayout layout_;
    ivshmem::Mapping input_mapping_;
    ivshmem::Mapping output_mapping_;
    ivshmem::Channel channel_;
    ivshmem::SlotOwners input_;
    ivshmem::SlotOwners output_;
};

/// A frame's descriptor, to be spoilt.
ivshmem::Descriptor frame_descriptor(std::uint32_t slot);
ivshmem::Descriptor of_kind(ivshmem::GuestKind kind, std::uint32_t slot);

}  // namespace mrda::service::test
