// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <memory>
#include <utility>

#include "command_queue.h"
#include "context.h"
#include "worker.h"

namespace mrda::ze_soft {

/// Commands in the making. A regular list records until it is closed, and may then be executed; an
/// immediate one hands each command to its own queue at once. As Level Zero has it, one thread at a
/// time; what was handed to a queue is the queue's, whatever becomes of the list.
class CommandList {
  public:
    explicit CommandList(std::shared_ptr<Context> context)
        : use_(std::move(context)), recording_(std::make_shared<Commands>()) {}
    explicit CommandList(std::shared_ptr<CommandQueue> queue)
        : use_(queue->context()), queue_(std::move(queue)) {}

    [[nodiscard]] const Context& context() const { return *use_.context(); }
    [[nodiscard]] bool is_immediate() const { return queue_ != nullptr; }
    [[nodiscard]] bool is_open() const { return is_immediate() || recorded_ == nullptr; }

    /// Records or runs the command; the list must be open.
    void append(Command command);
    /// For regular lists: makes it executable; empties and opens it again; what it would execute
    /// (null while it is open).
    void close() { recorded_ = recording_; }
    void reset();
    [[nodiscard]] std::shared_ptr<const Commands> recorded() const { return recorded_; }

  private:
    const ContextUse use_;
    const std::shared_ptr<CommandQueue> queue_;
    std::shared_ptr<Commands> recording_;
    std::shared_ptr<const Commands> recorded_;
};

}  // namespace mrda::ze_soft
