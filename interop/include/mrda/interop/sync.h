// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda {

inline constexpr std::uint64_t kWaitForever = std::numeric_limits<std::uint64_t>::max();

/// When a buffer that is handed over may be touched. Whoever hands one over must say; there is no
/// default. Move-only; for one thread at a time.
class Sync {
  public:
    enum class Kind : std::uint8_t { idle, sync_file, surface, event };
    /// Waits for `id` of `object`. Errors: timeout, device_lost, or the API's own.
    using Wait = Result<void> (*)(void* object, std::uint64_t id, std::uint64_t timeout_ns);

    /// Proven idle: the caller has waited, or nobody ever wrote.
    static Sync idle() { return Sync(Kind::idle, nullptr, 0, nullptr); }
    /// A kernel sync_file, which is consumed. It signals when poll(2) says readable.
    static Sync sync_file(Fd fd);
    /// A VA surface or a Level Zero event, through its own API's wait. `object` must outlive this.
    static Sync pending(Kind which, void* object, std::uint64_t id, Wait waiter) {
        return Sync(which, object, id, waiter);
    }

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] std::string_view name() const;
    /// Waits, at most `timeout_ns`; returns at once where idle. May be called again after a
    /// timeout. Errors: timeout, device_lost, invalid_argument (a sync_file that is closed, moved
    /// from, or none at all), or the API's own.
    [[nodiscard]] Result<void> wait(std::uint64_t timeout_ns = kWaitForever) const;

  private:
    Sync(Kind which, void* object, std::uint64_t id, Wait waiter)
        : kind_(which), object_(object), id_(id), wait_(waiter) {}

    Kind kind_;
    Fd fd_;
    void* object_;
    std::uint64_t id_;
    Wait wait_;
};

}  // namespace mrda
