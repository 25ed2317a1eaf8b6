// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>

namespace mrda::ze_soft {

/// When a Level Zero timeout ends: nothing for UINT64_MAX, which means never.
std::optional<std::chrono::steady_clock::time_point> deadline(uint64_t timeout_ns);

/// A flag that threads wait for: what an event and a fence are made of. Thread-safe.
class Signal {
  public:
    explicit Signal(bool is_set) : is_set_(is_set) {}

    void set();
    void reset();
    [[nodiscard]] bool is_set() const;
    /// Whether it was set before the timeout (0: now), and before `stop` was asked for.
    [[nodiscard]] bool wait(uint64_t timeout_ns, const std::stop_token& stop);
    /// Whether it was set before `stop` was asked for.
    [[nodiscard]] bool wait(const std::stop_token& stop);

  private:
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    bool is_set_;
};

}  // namespace mrda::ze_soft
