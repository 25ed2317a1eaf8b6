// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "mrda/interop/result.h"
#include "mrda/media/compute_unit.h"

namespace mrda::media {

/// One session's use of a compute unit, and the memory that it has for that: what plugins see as
/// mrda_execution, whose functions are these. Any thread. Must outlive the session.
class UnitAccess {
  public:
    /// `bank`: the session's; -1: the device's default one.
    UnitAccess(std::shared_ptr<ComputeUnit> unit, std::int32_t bank, std::uint32_t channel);
    /// Waits for what it has scheduled.
    ~UnitAccess();
    UnitAccess(const UnitAccess&) = delete;
    UnitAccess& operator=(const UnitAccess&) = delete;

    [[nodiscard]] const mrda_execution& table() const { return table_; }
    [[nodiscard]] ComputeUnit& unit() const { return *unit_; }
    /// Whose buffers the session may use beside its own, until it forgets them.
    void lend(std::shared_ptr<const Buffer> buffer);
    void forget(std::uint64_t buffer_id);

    [[nodiscard]] Result<const mrda_buffer*> allocate(std::int32_t bank,
                                                      std::uint64_t length_bytes);
    [[nodiscard]] Result<const mrda_buffer*> allocate_for(std::uint32_t argument,
                                                          std::uint64_t length_bytes);
    [[nodiscard]] Result<void> release(const mrda_buffer* buffer);
    [[nodiscard]] Result<void> read(const mrda_buffer* buffer, std::uint64_t offset_bytes,
                                    std::span<std::byte> into) const;
    [[nodiscard]] Result<void> write(const mrda_buffer* buffer, std::uint64_t offset_bytes,
                                     std::span<const std::byte> from) const;
    [[nodiscard]] Result<void> write_buffer_argument(std::uint32_t argument,
                                                     const mrda_buffer* buffer);
    /// Nothing: MRDA_MAX_SCHEDULED are in flight, or done and not waited for.
    [[nodiscard]] Result<std::optional<std::uint64_t>> schedule();
    /// Nothing: not done within the time.
    [[nodiscard]] Result<std::optional<WorkDone>> wait(std::uint64_t item,
                                                       std::uint64_t timeout_ns);

  private:
    struct Held {
        std::shared_ptr<const Buffer> buffer;
        std::uint32_t lent;  // How often; 0: its own.
    };

    [[nodiscard]] Result<std::shared_ptr<const Buffer>> find(const mrda_buffer* buffer) const;
    void done(std::uint64_t item, WorkDone work);
    void finished();

    std::shared_ptr<ComputeUnit> unit_;
    std::int32_t bank_;
    mrda_execution table_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint64_t, Held> buffers_;
    std::map<std::uint64_t, std::optional<WorkDone>> items_;
    std::uint64_t last_item_ = 0;
    std::uint32_t in_flight_ = 0;
};

}  // namespace mrda::media
