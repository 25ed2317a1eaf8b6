// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/path.h"

namespace mrda::vaapi {

/// The layouts that a display has been seen to import truly, the last 64 of them, oldest out first.
/// Safe from any number of threads.
class VerifiedLayouts {
  public:
    [[nodiscard]] bool contains(const FrameLayout& layout, Route route) const {
        const std::lock_guard lock(mutex_);
        return std::find(seen_.begin(), seen_.end(), std::pair(layout, route)) != seen_.end();
    }
    void add(const FrameLayout& layout, Route route) {
        const std::lock_guard lock(mutex_);
        if (seen_.size() == kBound) {
            seen_.pop_front();
        }
        seen_.emplace_back(layout, route);
    }

  private:
    static constexpr std::size_t kBound = 64;

    mutable std::mutex mutex_;
    std::deque<std::pair<FrameLayout, Route>> seen_;
};

}  // namespace mrda::vaapi
