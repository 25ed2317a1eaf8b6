// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "mrda/interop/result.h"
#include "options.h"

namespace mrda_sample_app {

/// What the command line says of buffers.
struct BufferWishes {
    std::optional<std::uint32_t> count;
    std::optional<std::uint64_t> size_bytes;
    std::optional<std::uint64_t> memory_bytes;
};

/// Puts into `options` how many buffers of which size there will be, and a notice where that is
/// less than was wished. Errors: invalid_argument (a frame does not fit into a buffer: what it
/// needs is named; no buffer fits into the memory; more than can be).
mrda::Result<void> plan_buffers(const BufferWishes& wishes, Options& options);

}  // namespace mrda_sample_app
