// SPDX-License-Identifier: MIT
#include "support/process_counts.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace mrda::test {

ProcessCounts process_counts() {
    const std::filesystem::directory_iterator descriptors("/proc/self/fd");
    ProcessCounts counts;
    counts.descriptors =
        static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
    // proc(5): "s" is shared memory, which buffers are; the heap's own mappings come and go.
    std::ifstream mappings("/proc/self/maps");
    for (std::string range, permissions, rest; mappings >> range >> permissions;) {
        std::getline(mappings, rest);
        counts.mappings += permissions.ends_with('s') ? 1U : 0U;
    }
    return counts;
}

}  // namespace mrda::test
