// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <unordered_map>

#include "mrda/interop/dma_buf.h"

namespace mrda::l0 {

/// Which objects a driver must not be asked to import, because it has them. Safe from any number of
/// threads.
class HeldObjects {
  public:
    /// False: somebody holds it already.
    bool add(ObjectIdentity object) {
        const std::lock_guard lock(mutex_);
        return ++counts_[object] == 1;
    }
    void remove(ObjectIdentity object) {
        const std::lock_guard lock(mutex_);
        const auto found = counts_.find(object);
        if (found != counts_.end() && --found->second == 0) {
            counts_.erase(found);
        }
    }
    [[nodiscard]] bool contains(ObjectIdentity object) const {
        const std::lock_guard lock(mutex_);
        return counts_.contains(object);
    }

  private:
    mutable std::mutex mutex_;
    std::unordered_map<ObjectIdentity, int> counts_;
};

}  // namespace mrda::l0
