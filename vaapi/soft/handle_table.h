// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace mrda::va_soft {

enum class HandleKind : std::uint32_t { config = 1, context, surface, buffer, image };

/// The objects of one kind behind one VADisplay, thread-safe. A handle is kind, generation and
/// slot, so that a stale one and one of another kind are refused. The slot that rests longest is
/// reused first: a stale handle is mistaken for a live one only after 4096 reuses of its slot.
template <typename T>
class HandleTable {
  public:
    explicit HandleTable(HandleKind kind) : kind_(kind) {}

    /// VA_INVALID_ID if the table is full.
    [[nodiscard]] VAGenericID insert(std::shared_ptr<T> object) {
        const std::lock_guard lock(mutex_);
        if (free_.empty()) {
            if (slots_.size() == kMaxSlots) {
                return VA_INVALID_ID;
            }
            free_.push_back(static_cast<std::uint32_t>(slots_.size()));
            slots_.emplace_back();
        }
        const std::uint32_t index = free_.front();
        free_.pop_front();
        slots_[index].object = std::move(object);
        return handle_of(index);
    }

    /// Null if `handle` names nothing here.
    [[nodiscard]] std::shared_ptr<T> find(VAGenericID handle) const {
        const std::lock_guard lock(mutex_);
        const std::uint32_t index = handle & kIndexMask;
        return names_live_slot(handle) ? slots_[index].object : nullptr;
    }

    /// Takes it out; the caller's reference may be the last one.
    std::shared_ptr<T> remove(VAGenericID handle) {
        const std::lock_guard lock(mutex_);
        if (!names_live_slot(handle)) {
            return nullptr;
        }
        const std::uint32_t index = handle & kIndexMask;
        free_.push_back(index);
        slots_[index].generation = (slots_[index].generation + 1) & kGenerationMask;
        return std::exchange(slots_[index].object, nullptr);
    }

  private:
    static constexpr std::uint32_t kIndexBits = 16;
    static constexpr std::uint32_t kIndexMask = (1U << kIndexBits) - 1;
    static constexpr std::uint32_t kMaxSlots = 1U << kIndexBits;
    static constexpr std::uint32_t kGenerationMask = (1U << 12) - 1;
    static constexpr std::uint32_t kKindShift = 28;

    struct Slot {
        std::shared_ptr<T> object;
        std::uint32_t generation = 0;
    };

    [[nodiscard]] VAGenericID handle_of(std::uint32_t index) const {
        return (static_cast<std::uint32_t>(kind_) << kKindShift) |
               (slots_[index].generation << kIndexBits) | index;
    }

    [[nodiscard]] bool names_live_slot(VAGenericID handle) const {
        const std::uint32_t index = handle & kIndexMask;
        return index < slots_.size() && slots_[index].object != nullptr &&
               handle_of(index) == handle;
    }

    const HandleKind kind_;
    mutable std::mutex mutex_;
    std::vector<Slot> slots_;
    std::deque<std::uint32_t> free_;
};

}  // namespace mrda::va_soft
