// SPDX-License-Identifier: MIT
#include "input_pool.h"

namespace mrda::guest::core {

InputPool::InputPool(std::uint32_t count) : uses_(count, Use::free) {
    for (std::uint32_t slot = count; slot-- > 0;) {
        free_.push_back(slot);
    }
}

std::optional<std::uint32_t> InputPool::take() {
    if (free_.empty()) {
        return std::nullopt;
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    uses_[slot] = Use::held;
    return slot;
}

void InputPool::change(std::uint32_t slot, Use to) {
    uses_[slot] = to;
    if (to == Use::free) {
        free_.push_back(slot);
    }
}

void InputPool::host_is_gone() {
    for (std::uint32_t slot = 0; slot < count(); ++slot) {
        if (uses_[slot] == Use::host) {
            change(slot, Use::free);
        }
    }
}

}  // namespace mrda::guest::core
