// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <memory>
#include <utility>

#include "context.h"
#include "worker.h"

namespace mrda::ze_soft {

/// A worker on a context, synchronous or not. Thread-safe.
class CommandQueue {
  public:
    CommandQueue(std::shared_ptr<Context> context, bool synchronous)
        : use_(std::move(context)), synchronous_(synchronous) {}

    [[nodiscard]] const std::shared_ptr<Context>& context() const { return use_.context(); }
    /// Runs the submission: to its end if the queue is synchronous, else in the background.
    void execute(Submission submission);
    /// See Worker::wait.
    [[nodiscard]] bool synchronize(uint64_t timeout_ns) {
        return worker_.wait(timeout_ns, context()->until_lost());
    }

  private:
    const ContextUse use_;
    const bool synchronous_;
    Worker worker_;
};

/// A queue as `desc` asks for it, for a list or a client; or the API's code for what is wrong with
/// it.
ze_result_t new_command_queue(ze_context_handle_t context, ze_device_handle_t device,
                              const ze_command_queue_desc_t* desc,
                              std::shared_ptr<CommandQueue>& queue);

}  // namespace mrda::ze_soft
