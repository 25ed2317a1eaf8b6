// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/path.h"

namespace mrda::vaapi {

/// The layouts that a display has been seen to import, and what came of looking at each: the last
/// 64 of them, oldest out first. Safe from any number of threads.
class VerifiedLayouts {
  public:
    struct Key {
        FrameLayout layout;
        Route route;
        std::uint64_t
            base_bytes;  ///< Where the frame begins in its object: drivers ignore that too.

        bool operator==(const Key&) const = default;
    };

    [[nodiscard]] std::optional<std::string> find(const Key& key) const {
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(seen_.begin(), seen_.end(),
                                        [&](const auto& one) { return one.first == key; });
        return found == seen_.end() ? std::nullopt : std::optional(found->second);
    }
    void add(Key key, std::string verification) {
        const std::lock_guard lock(mutex_);
        if (seen_.size() == kBound) {
            seen_.pop_front();
        }
        seen_.emplace_back(std::move(key), std::move(verification));
    }

  private:
    static constexpr std::size_t kBound = 64;

    mutable std::mutex mutex_;
    std::deque<std::pair<Key, std::string>> seen_;
};

}  // namespace mrda::vaapi
