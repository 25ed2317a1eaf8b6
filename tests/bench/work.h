// SPDX-License-Identifier: MIT
#pragma once

#include "exchange.h"
#include "mrda/ivshmem/wakeup.h"

namespace mrda::bench {

inline std::uint64_t total_round_trips(const Exchange& exchange) {
    return std::uint64_t{exchange.warm_up} + exchange.round_trips;
}

/// Keeps the processor busy.
inline void work_for(std::uint64_t work_ns) {
    const std::uint64_t end_ns = ivshmem::now_ns() + work_ns;
    while (work_ns > 0 && ivshmem::now_ns() < end_ns) {
    }
}

}  // namespace mrda::bench
