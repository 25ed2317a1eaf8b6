// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "node.h"
#include "streamer.h"

namespace mrda::stub {

/// A command stream, and where it is to run.
struct Submission {
    std::uint64_t queue;  ///< Streams of one queue run in order.
    std::uint32_t space;  ///< Of xe's address spaces; 0: i915's.
    std::uint64_t address;
    std::function<void()> done;  ///< Called under kernel_mutex() once it has run to its end.
    std::vector<std::uint64_t> callers = {};  ///< Of a stream that waits: StreamResult's.
};

/// Runs a stream now, or behind those of its queue that wait at a semaphore. One that comes to wait
/// is gone on with from a thread of the library's own, as an engine would by itself. Call under
/// kernel_mutex().
StreamResult submit(Node& node, Submission submission);

/// Waits until no stream of the node waits any more, at most `timeout_ns`, negative: for ever. Lets
/// the lock go meanwhile. False: the time is over.
bool wait_until_idle(const Call& call, std::int64_t timeout_ns);

}  // namespace mrda::stub
