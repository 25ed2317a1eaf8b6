// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <utility>

namespace mrda::ze_soft {

/// What a client's objects belong to. It counts them, so that it is not destroyed beneath them.
class Context {
  public:
    [[nodiscard]] bool in_use() const { return uses_.load() != 0; }

    /// A kernel has failed: from then on no kernel runs, and every wait ends with DEVICE_LOST, as
    /// after a fault on a GPU. What waits is done for all that: nothing hangs.
    void lose() { lost_.request_stop(); }
    [[nodiscard]] bool lost() const { return lost_.stop_requested(); }
    /// For waits to end with.
    [[nodiscard]] std::stop_token until_lost() const { return lost_.get_token(); }
    /// What a wait that found its object `done` or not has to tell.
    [[nodiscard]] ze_result_t outcome(bool done) const {
        if (lost()) {
            return ZE_RESULT_ERROR_DEVICE_LOST;
        }
        return done ? ZE_RESULT_SUCCESS : ZE_RESULT_NOT_READY;
    }

  private:
    friend class ContextUse;
    std::stop_source lost_;
    std::atomic<std::size_t> uses_ = 0;
};

/// Held by each object made on a context, for as long as the object lives.
class ContextUse {
  public:
    explicit ContextUse(std::shared_ptr<Context> context) : context_(std::move(context)) {
        ++context_->uses_;
    }
    ContextUse(const ContextUse&) = delete;
    ContextUse& operator=(const ContextUse&) = delete;
    ~ContextUse() { --context_->uses_; }

    [[nodiscard]] const std::shared_ptr<Context>& context() const { return context_; }

  private:
    std::shared_ptr<Context> context_;
};

/// The live context behind a handle, or null.
std::shared_ptr<Context> find_context(ze_context_handle_t handle);

}  // namespace mrda::ze_soft
