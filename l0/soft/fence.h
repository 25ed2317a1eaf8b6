// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "context.h"
#include "signal.h"

namespace mrda::ze_soft {

/// Set when the submission that it was given to is done. Thread-safe.
class Fence {
  public:
    Fence(std::shared_ptr<Context> context, bool signalled)
        : use_(std::move(context)), signal_(signalled) {}

    Signal& signal() { return signal_; }
    [[nodiscard]] const Context& context() const { return *use_.context(); }

  private:
    const ContextUse use_;
    Signal signal_;
};

}  // namespace mrda::ze_soft
