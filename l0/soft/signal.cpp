// SPDX-License-Identifier: MIT
#include "signal.h"

#include <algorithm>
#include <chrono>

namespace mrda::ze_soft {

std::optional<std::chrono::steady_clock::time_point> deadline(uint64_t timeout_ns) {
    if (timeout_ns == UINT64_MAX) {
        return std::nullopt;
    }
    // A century is as good as any later time, and cannot overflow the clock.
    constexpr uint64_t kCenturyNs = 3'155'760'000'000'000'000;
    return std::chrono::steady_clock::now() +
           std::chrono::nanoseconds(std::min(timeout_ns, kCenturyNs));
}

void Signal::set() {
    const std::lock_guard lock(mutex_);
    is_set_ = true;
    changed_.notify_all();
}

void Signal::reset() {
    const std::lock_guard lock(mutex_);
    is_set_ = false;
}

bool Signal::is_set() const {
    const std::lock_guard lock(mutex_);
    return is_set_;
}

bool Signal::wait(uint64_t timeout_ns, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const auto set = [this] { return is_set_; };
    if (const auto until = deadline(timeout_ns)) {
        return changed_.wait_until(lock, stop, *until, set);
    }
    return changed_.wait(lock, stop, set);
}

bool Signal::wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    return changed_.wait(lock, stop, [this] { return is_set_; });
}

}  // namespace mrda::ze_soft
