// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace mrda::vpl::soft {

/// A first-in-first-out queue that keeps its memory: it allocates only while it grows.
template <typename T>
class Ring {
  public:
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }

    /// Leaves `value` as it is if there is no memory.
    void push(T&& value) {
        if (size_ == slots_.size()) {
            grow();
        }
        slots_[(first_ + size_) % slots_.size()] = std::move(value);
        ++size_;
    }

    /// Undefined if empty, as is pop().
    [[nodiscard]] T& front() { return slots_[first_]; }
    T pop() {
        T value = std::move(slots_[first_]);
        slots_[first_] = T();
        first_ = (first_ + 1) % slots_.size();
        --size_;
        return value;
    }

    void clear() {
        while (!empty()) {
            pop();
        }
    }

  private:
    void grow() {
        std::vector<T> larger(slots_.empty() ? 8 : slots_.size() * 2);
        for (std::size_t i = 0; i < size_; ++i) {
            larger[i] = std::move(slots_[(first_ + i) % slots_.size()]);
        }
        slots_ = std::move(larger);
        first_ = 0;
    }

    std::vector<T> slots_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

}  // namespace mrda::vpl::soft
