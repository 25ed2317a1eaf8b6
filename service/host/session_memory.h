// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "mrda/ivshmem/session_layout.h"
#include "vm_memory.h"

namespace mrda::service {

/// Where a session's extents shall begin, if they can. From a guest: anything.
struct SessionPlace {
    std::optional<std::uint64_t> input;
    std::optional<std::uint64_t> output;
};

/// The part of its VM's memory that one session has; given back when this goes. Pages are released
/// then, so what a guest wrote is gone.
class SessionMemory {
  public:
    /// Errors: exhausted, with the figures.
    static Result<SessionMemory> carve(SessionRegions regions, const ivshmem::SessionLayout& layout,
                                       const SessionPlace& place);
    SessionMemory(SessionMemory&& other) noexcept = default;
    SessionMemory& operator=(SessionMemory&&) = delete;
    ~SessionMemory();

    [[nodiscard]] const SharedRegion& input_region() const { return *regions_.input; }
    [[nodiscard]] const SharedRegion& output_region() const { return *regions_.output; }
    [[nodiscard]] const ivshmem::Extent& input() const { return input_; }
    [[nodiscard]] const ivshmem::Extent& output() const { return output_; }

  private:
    SessionMemory(SessionRegions regions, ivshmem::Extent input)
        : regions_(std::move(regions)), input_(input) {}

    SessionRegions regions_;
    ivshmem::Extent input_;
    ivshmem::Extent output_;
};

}  // namespace mrda::service
