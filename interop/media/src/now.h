// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

namespace mrda::media {

/// By std::chrono::steady_clock.
inline std::uint64_t now_ns() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch())
                                          .count());
}

}  // namespace mrda::media
