// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <thread>

#include "control.h"

namespace mrda::guest::core {

/// Follows a session's state on a thread of its own, so that a service that goes away, and a
/// session that ends, are noticed at once and not when the lease is due.
class Watch {
  public:
    /// Both are called on the watch's thread; `ended` once, as the last.
    using Told = std::function<void(const v1::SessionStatus&)>;
    using Ended = std::function<void(const Result<void>&)>;

    Watch(Control& control, std::uint64_t session, Told told, Ended ended)
        : thread_([this, &control, session, told = std::move(told), ended = std::move(ended)] {
              ended(control.watch(session, context_, told));
          }) {}
    /// Waits until neither is called any more.
    ~Watch() {
        context_.TryCancel();
        thread_.join();
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

  private:
    grpc::ClientContext context_;
    std::thread thread_;
};

}  // namespace mrda::guest::core
