// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

namespace mrda::bench {

/// What the two halves of a peer are asked to do together. Crosses control sockets as it is.
struct Exchange {
    std::uint64_t payload_bytes = 0;
    std::uint32_t drm_fourcc = 0;  ///< Of the frame that has so many bytes.
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t warm_up = 0;  ///< Round trips that come first, and that nobody times.
    std::uint32_t round_trips = 0;
    std::uint32_t polling = 0;  ///< 1: both halves poll; 0: they sleep until they are woken.
    /// 1: in the time, the client copies a frame into the memory, and the server has it in one
    /// piece.
    std::uint32_t filled = 0;
    std::uint64_t pause_ns = 0;  ///< The client's, before each round trip.
    std::uint64_t work_ns = 0;   ///< The server's, in each round trip; it is not counted.
};
static_assert(std::is_trivially_copyable_v<Exchange>);

/// Of each timed round trip.
using TimesNs = std::vector<std::uint64_t>;

/// What a server sends back for a frame: proof that it saw the frame's memory.
struct Token {
    std::uint64_t number = 0;
    std::uint64_t first_bytes = 0;
};

}  // namespace mrda::bench
