// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mrda {

/// The honest count of pixels that a CPU copied. Whoever copies one, books it here with the reason;
/// nobody may copy in silence. Safe from any number of threads.
class CopyLedger {
  public:
    struct Entry {
        std::string stage;   ///< "surface to encoder", …
        std::string reason;  ///< Why it could not be avoided, for people.
        std::uint64_t copies = 0;
        std::uint64_t bytes = 0;
    };

    void record(std::string_view stage, std::string_view reason, std::uint64_t bytes);

    [[nodiscard]] std::uint64_t total_bytes() const;
    /// One entry for each stage and reason, in the order in which they first came.
    [[nodiscard]] std::vector<Entry> entries() const;

  private:
    mutable std::mutex mutex_;
    std::vector<Entry> entries_;
};

}  // namespace mrda
