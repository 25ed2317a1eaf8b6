// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/media/context.h"
#include "mrda/media/parameter.h"
#include "mrda/media/session.h"

namespace mrda::media {

struct KernelProperties {
    std::string plugin;
    std::int32_t device = -1;  ///< -1: the reservation's, or any that has the unit.
    std::int32_t unit = -1;    ///< -1: the least used one of that name.
    std::string unit_name;     ///< Empty: the plugin's own.
    std::int32_t bank = -1;    ///< Where it allocates; -1: the reservation's, or the default one.
    std::uint32_t channel = 0;
    std::shared_ptr<const Reservation> reservation;  ///< May be null.
    std::vector<Parameter> parameters;
};

/// A kernel session on a compute unit. Any thread: calls wait for one another.
class Kernel {
  public:
    /// Errors: what Context::find_unit() and the plugin say.
    static Result<std::unique_ptr<Kernel>> open(Context& context,
                                                const KernelProperties& properties);
    ~Kernel() = default;
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    /// Begins the work that the parameters describe; keeps their buffers until its results are
    /// read. False: as much as fits is in work, read first. Waits for other calls of this session,
    /// and for the unit's register map, but for no work. Errors: invalid_argument
    /// (a buffer of another device or bank; what the plugin does not know).
    [[nodiscard]] Result<bool> write(std::span<const Parameter> parameters);
    /// The results of the oldest work that was not read, into `parameters`, whose names and types
    /// are set (texts and buffers are the session's, until the next call). send_more: there is no
    /// work; try_again: not done within the time. Errors: what the work failed with.
    [[nodiscard]] Result<Status> read(std::uint64_t timeout_ns,
                                      std::span<mrda_parameter> parameters);

    [[nodiscard]] const ComputeUnit& unit() const { return access_->unit(); }

  private:
    Kernel(std::shared_ptr<UnitAccess> access, Session session)
        : access_(std::move(access)), session_(std::move(session)) {}
    void forget(std::span<const std::uint64_t> buffers);

    std::mutex mutex_;
    std::shared_ptr<UnitAccess> access_;  // Outlives the session.
    std::deque<std::vector<std::uint64_t>> lent_;
    Session session_;
};

}  // namespace mrda::media
