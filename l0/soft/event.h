// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "context.h"
#include "signal.h"

namespace mrda::ze_soft {

/// A fixed number of places for events. Thread-safe.
class EventPool {
  public:
    EventPool(std::shared_ptr<Context> context, uint32_t count, bool timestamps)
        : use_(std::move(context)), taken_(count, false), timestamps_(timestamps) {}

    [[nodiscard]] bool timestamps() const { return timestamps_; }
    [[nodiscard]] const Context& context() const { return *use_.context(); }
    /// Whether there is such a place and it was free; it is taken now.
    [[nodiscard]] bool take_place(uint32_t index);
    void free_place(uint32_t index);

  private:
    const ContextUse use_;
    std::mutex mutex_;
    std::vector<bool> taken_;
    const bool timestamps_;
};

/// Signalled by the host or by a command; keeps when that command ran. Thread-safe.
class Event {
  public:
    /// The caller has taken the place `index` of `pool`; the event frees it.
    Event(std::shared_ptr<EventPool> pool, uint32_t index)
        : pool_(std::move(pool)), index_(index), signal_(false) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { leave_place(); }

    /// Frees its place in the pool, once: commands may keep the event for longer than its handle.
    void leave_place();
    Signal& signal() { return signal_; }
    [[nodiscard]] const Context& context() const { return pool_->context(); }
    /// Signals that what began and ended at these times is done.
    void complete(uint64_t start_ns, uint64_t end_ns);
    [[nodiscard]] bool timestamps() const { return pool_->timestamps(); }
    [[nodiscard]] uint64_t start_ns() const { return start_ns_.load(); }
    [[nodiscard]] uint64_t end_ns() const { return end_ns_.load(); }

  private:
    const std::shared_ptr<EventPool> pool_;
    const uint32_t index_;
    std::atomic<bool> has_place_ = true;
    std::atomic<uint64_t> start_ns_ = 0;
    std::atomic<uint64_t> end_ns_ = 0;
    Signal signal_;
};

}  // namespace mrda::ze_soft
