// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "mrda/interop/result.h"
#include "mrda/media/context.h"
#include "mrda/media/frame.h"
#include "mrda/media/kernel.h"
#include "mrda/media/stage.h"

namespace mrda::media {

/// A frame or data that several threads may look at and change by one handle.
template <typename T>
class Guarded {
  public:
    explicit Guarded(T value) : value_(std::move(value)) {}

    [[nodiscard]] T get() const {
        const std::lock_guard lock(mutex_);
        return value_;
    }
    template <typename Change>
    void change(Change what) {
        const std::lock_guard lock(mutex_);
        what(value_);
    }

  private:
    mutable std::mutex mutex_;
    T value_;
};

using Handled = std::variant<std::shared_ptr<Context>, std::shared_ptr<const Buffer>,
                             std::shared_ptr<Guarded<Frame>>, std::shared_ptr<Guarded<Data>>,
                             std::shared_ptr<Stage>, std::shared_ptr<Kernel>,
                             std::shared_ptr<const Reservation>>;

/// What the application's handles name. Thread-safe.
class Handles {
  public:
    std::uint64_t add(Handled object);
    /// Errors: invalid_argument (no such handle, or released before).
    [[nodiscard]] Result<Handled> find(std::uint64_t handle) const;
    /// As find, and the handle is no longer valid.
    [[nodiscard]] Result<Handled> take(std::uint64_t handle);
    /// Errors: as find(); invalid_argument (of another sort).
    template <typename T>
    [[nodiscard]] Result<std::shared_ptr<T>> find_as(std::uint64_t handle) const {
        MRDA_ASSIGN(Handled object, find(handle));
        if (auto* const typed = std::get_if<std::shared_ptr<T>>(&object)) {
            return std::move(*typed);
        }
        return wrong_sort(handle, object.index());
    }

  private:
    static Error wrong_sort(std::uint64_t handle, std::size_t sort);

    mutable std::shared_mutex mutex_;
    std::unordered_map<std::uint64_t, Handled> objects_;
    std::uint64_t last_ = 0;
};

/// All of this process. Never destroyed: threads may still use it while the process exits.
Handles& handles();

}  // namespace mrda::media
