// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace mrda::test {

/// What a leak would make grow.
struct ProcessCounts {
    std::size_t descriptors = 0;
    std::size_t mappings = 0;  ///< Of shared memory.

    bool operator==(const ProcessCounts&) const = default;
};
ProcessCounts process_counts();

}  // namespace mrda::test
