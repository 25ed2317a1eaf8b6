// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "address_space.h"
#include "kinds.h"

namespace mrda::stub {

/// Why a walk ended. From `unbound` on they say that an engine would have hung.
enum class StreamEnd : std::uint8_t {
    batch_end,
    waiting,  ///< For somebody else to write to a semaphore: walk on from there once that is done.
    unbound,  ///< The next command is at an address where nothing is bound.
    cut_off,  ///< A command reaches beyond what is bound.
    undefined,  ///< There is no such command.
    too_deep,   ///< Batches call batches, more than kDeepestBatch of them.
    too_long,   ///< Commands of more than kLongestStream dwords.
};
const char* name_of(StreamEnd end);

inline constexpr unsigned kDeepestBatch = 8;
inline constexpr unsigned kLongestStream = 1U << 20;

struct StreamResult {
    unsigned commands = 0;
    unsigned stores = 0;  ///< Memory writes that were done.
    StreamEnd end = StreamEnd::batch_end;
    std::uint64_t address = 0;           ///< Of the command that it ended at, but for batch_end.
    std::vector<std::uint64_t> callers;  ///< Where the batches around that one go on, if waiting.
};

/// Walks the command stream at `address` as an engine of the device would, and does the memory
/// writes that drivers wait for: no pixel, no kernel, no bitstream is computed. A frame that is
/// encoded is `frame_bytes` long. Traces the surface that an encoder's commands were programmed
/// with. A stream is the driver's, and may be cut off or wrong: nothing outside what is bound is
/// touched, and the walk ends after a bounded number of commands. `callers`: of a walk that waited,
/// to walk on from `address` there.
StreamResult run_stream(AddressSpace& space, const DeviceKind& kind, std::uint32_t frame_bytes,
                        std::uint64_t address, std::span<const std::uint64_t> callers = {});

}  // namespace mrda::stub
