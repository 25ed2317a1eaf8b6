// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "mrda/interop/result.h"

namespace mrda::ivshmem {

/// Keeps this process alive where memory that it has mapped goes away: a device that is pulled out
/// of a running machine, a file that is cut short. An access to it would be SIGBUS; with a guard,
/// the whole range becomes pages of zeros that nobody shares, and lost() says so. Who had installed
/// a handler for SIGBUS before gets all that is not a guard's. Move-only; the range must stay
/// mapped, in its place, while this lives.
class BusGuard {
  public:
    /// `base` is page-aligned. Errors: exhausted (64 ranges are guarded already), io.
    static Result<BusGuard> watch(std::byte* base, std::size_t size_bytes);

    BusGuard() = default;
    BusGuard(BusGuard&& other) noexcept;
    BusGuard& operator=(BusGuard&& other) noexcept;
    ~BusGuard();
    BusGuard(const BusGuard&) = delete;
    BusGuard& operator=(const BusGuard&) = delete;

    /// Any thread.
    [[nodiscard]] bool lost() const;

  private:
    struct Range;
    explicit BusGuard(Range* range) : range_(range) {}

    Range* range_ = nullptr;
    friend struct BusGuardTable;
};

}  // namespace mrda::ivshmem
