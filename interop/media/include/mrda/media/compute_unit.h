// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/media/device.h"

namespace mrda::media {

class Executor;

struct UnitStatistics {
    std::uint64_t scheduled = 0;
    std::uint64_t done = 0;        ///< Of these; also those that failed.
    std::uint64_t failed = 0;      ///< A return code other than 0, or an error of the device's.
    std::uint64_t busy_ns = 0;     ///< Of all items together, from their start to their end.
    std::uint64_t waiting_ns = 0;  ///< Of all items together, before their start.
    std::uint32_t sessions = 0;    ///< That use it now.
};

/// How a work item ended.
struct WorkDone {
    Result<std::int32_t> return_code;  ///< The unit's; or an error of the device's.
    std::vector<std::byte> registers;  ///< As the unit left them.
};

/// A place on a device where a kind's code runs, shared by its sessions: its register map is for
/// one of them at a time, and their items wait their turn. Items of one channel are done one after
/// another, in the order in which they were scheduled; as many of different channels as the kind
/// says are in flight at once, and no more than 64 on a device. Any thread.
class ComputeUnit {
  public:
    /// Whoever locks and schedules; any address that is one session's alone.
    using Session = const void*;
    using Then = std::function<void(WorkDone)>;
    using Finished = std::function<void()>;

    ComputeUnit(std::shared_ptr<Device> device, std::shared_ptr<const LoadedPlugin> plugin,
                std::uint32_t index, const mrda_unit_kind& kind, std::unique_ptr<UnitCode> code,
                std::shared_ptr<Executor> executor);
    /// Nothing may be in flight.
    ~ComputeUnit() = default;
    ComputeUnit(const ComputeUnit&) = delete;
    ComputeUnit& operator=(const ComputeUnit&) = delete;

    [[nodiscard]] const std::shared_ptr<Device>& device() const { return device_; }
    [[nodiscard]] std::uint32_t index() const { return index_; }  ///< On its device.
    [[nodiscard]] std::string_view name() const { return kind_.name; }
    /// Whose kind it is.
    [[nodiscard]] std::string_view plugin_name() const { return plugin_->table().name; }
    [[nodiscard]] const mrda_unit_kind& kind() const { return kind_; }
    [[nodiscard]] UnitStatistics statistics() const;

    /// Memory of its device, in the bank that the unit reaches for that argument. Errors: as
    /// Device::allocate(); invalid_argument (the argument is no buffer, or there is none).
    [[nodiscard]] Result<std::shared_ptr<const Buffer>> allocate_for(
        std::uint32_t argument, std::uint64_t length_bytes) const;
    /// Errors: invalid_argument (no buffer, or none of that number).
    [[nodiscard]] Result<const mrda_unit_argument*> buffer_argument(std::uint32_t argument) const;

    void enter();  ///< One more session uses it.
    void leave();

    /// The register map is the session's until unlock(); waits while another has it. Errors: busy
    /// (it is its already).
    [[nodiscard]] Result<void> lock(Session session);
    /// Errors: busy (it is not the session's).
    [[nodiscard]] Result<void> unlock(Session session);
    /// Errors: busy (without the lock), invalid_argument (beyond the map).
    [[nodiscard]] Result<void> write(Session session, std::uint32_t offset_bytes,
                                     std::span<const std::byte> from);
    [[nodiscard]] Result<void> read(Session session, std::uint32_t offset_bytes,
                                    std::span<std::byte> into) const;
    /// A work item with the registers as they are now. On a thread of the device's, `then` is
    /// called when it is done, in the channel's order, and `finished` last of all: the unit does
    /// nothing more for it. Does not wait. Errors: busy (without the lock).
    [[nodiscard]] Result<void> schedule(Session session, std::uint32_t channel, Then then,
                                        Finished finished);

  private:
    struct Item {
        std::uint32_t channel;
        std::vector<std::byte> registers;
        std::uint64_t scheduled_ns;
        Then then;
        Finished finished;
    };

    [[nodiscard]] Result<void> check_access(Session session, std::uint32_t offset_bytes,
                                            std::size_t bytes) const;
    void start_what_can();
    void run(Item item);
    [[nodiscard]] Result<std::int32_t> run_code(Item& item);

    std::shared_ptr<Device> device_;
    std::shared_ptr<const LoadedPlugin> plugin_;
    std::uint32_t index_;
    const mrda_unit_kind& kind_;
    std::unique_ptr<UnitCode> code_;
    std::shared_ptr<Executor> executor_;

    mutable std::mutex mutex_;
    std::condition_variable unlocked_;
    Session owner_ = nullptr;
    std::vector<std::byte> registers_;
    std::deque<Item> waiting_;
    std::set<std::uint32_t> channels_;  // In flight.
    UnitStatistics statistics_;
};

}  // namespace mrda::media
