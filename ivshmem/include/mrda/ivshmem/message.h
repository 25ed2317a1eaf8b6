// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/ivshmem/session_layout.h"
#include "mrda/ivshmem/wire_format.h"

namespace mrda::ivshmem {

/// Who may touch which slot of one direction, as this side knows it: private, so no peer can change
/// it. For one thread at a time.
class SlotOwners {
  public:
    enum class Owner : std::uint8_t { guest, host };

    SlotOwners(std::uint32_t slot_count, Owner first) : owners_(slot_count, first) {}

    [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(owners_.size()); }
    /// `index` below count().
    [[nodiscard]] Owner owner(std::uint32_t index) const { return owners_[index]; }
    void give(std::uint32_t index, Owner to) { owners_[index] = to; }

  private:
    std::vector<Owner> owners_;
};

/// Checks what a guest sent, and moves the slot that it names to the host. `descriptor` is the
/// private copy from RingConsumer::pop. Errors: corrupt, naming the field and its value: a kind or
/// flag that nobody knows, a slot that is not there or not the guest's to give, more bytes than a
/// slot has.
Result<GuestKind> accept_from_guest(const Descriptor& descriptor, const SessionLayout& layout,
                                    SlotOwners& input, SlotOwners& output);

/// The same for what a host sent; slots move to the guest.
Result<HostKind> accept_from_host(const Descriptor& descriptor, const SessionLayout& layout,
                                  SlotOwners& input, SlotOwners& output);

}  // namespace mrda::ivshmem
