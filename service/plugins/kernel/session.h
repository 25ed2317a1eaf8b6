// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"

namespace mrda::plugins::kernel {

/// Work on whichever unit it was given, by the names of the unit's arguments. Values stay as they
/// were last written; buffers are told with each work item.
class Session {
  public:
    explicit Session(const mrda_execution& execution)
        : execution_(execution), values_(execution.kind->register_bytes) {}

    /// MRDA_MEDIA_OK or MRDA_MEDIA_TRY_AGAIN.
    Result<int> write(std::span<const mrda_parameter> parameters);
    /// "return_code" is the unit's, an error if nobody asks for it; other names are arguments'.
    Result<int> read(std::uint64_t timeout_ns, std::span<mrda_parameter> parameters);

  private:
    [[nodiscard]] std::span<const mrda_unit_argument> arguments() const {
        return {execution_.kind->arguments, execution_.kind->argument_count};
    }
    [[nodiscard]] Result<std::size_t> argument(std::string_view name) const;
    Result<std::vector<const mrda_buffer*>> take(std::span<const mrda_parameter> parameters);
    /// Whether each has a name and a type that read() can give.
    [[nodiscard]] Result<void> check_results(std::span<const mrda_parameter> parameters) const;
    Result<int> schedule_locked(std::span<const mrda_buffer* const> buffers);

    const mrda_execution& execution_;
    std::vector<std::byte> values_;
    std::deque<std::uint64_t> items_;
};

}  // namespace mrda::plugins::kernel
