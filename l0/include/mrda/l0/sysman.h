// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/zes_api.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/l0/context.h"

namespace mrda::l0 {

/// One engine group's counters. The load between two readings is the growth of `active_us` over the
/// growth of `timestamp_us`.  zes_api.h: zes_engine_stats_t.
struct EngineReading {
    std::string group;  ///< "compute", "render", "media", "copy", "other".
    std::uint64_t active_us = 0;
    std::uint64_t timestamp_us = 0;
};

struct MemoryReading {
    std::uint64_t free_bytes = 0;
    std::uint64_t size_bytes = 0;
};

/// A device's load, from Sysman.
class Sysman {
  public:
    /// Sysman must have been asked for before the process's first Level Zero call: set
    /// ZES_ENABLE_SYSMAN=1 in its environment. Errors: unsupported (the driver has none, or it was
    /// not asked for).
    static Result<Sysman> open(const Context& context);

    /// One reading of each engine group and of each memory that the device shows, perhaps none.
    /// Errors: permission_denied (engine counters may need a privilege), what the driver returned.
    [[nodiscard]] Result<std::vector<EngineReading>> read_engines() const;
    [[nodiscard]] Result<std::vector<MemoryReading>> read_memory() const;

  private:
    explicit Sysman(zes_device_handle_t device) : device_(device) {}

    zes_device_handle_t device_;
};

/// The share of time, 0 to 1, that a group was busy between two readings of it; nothing where the
/// readings do not follow one another.
std::optional<double> engine_load(const EngineReading& before, const EngineReading& after);

}  // namespace mrda::l0
