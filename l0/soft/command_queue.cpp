// SPDX-License-Identifier: MIT
#include "command_queue.h"

#include "command_list.h"
#include "driver.h"
#include "entries.h"
#include "guard.h"
#include "handle_table.h"

namespace mrda::ze_soft {

namespace {

constexpr ze_command_queue_flags_t kQueueFlags = ZE_COMMAND_QUEUE_FLAG_EXPLICIT_ONLY;

/// The recorded commands of closed, regular lists.
ze_result_t collect(uint32_t count, const ze_command_list_handle_t* lists, Submission& submission) {
    for (uint32_t i = 0; i < count; ++i) {
        const auto list = live<CommandList>().find(lists[i]);
        if (list == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (list->is_immediate()) {
            return ZE_RESULT_ERROR_INVALID_COMMAND_LIST_TYPE;
        }
        auto commands = list->recorded();
        if (commands == nullptr) {
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
        }
        submission.lists.push_back(std::move(commands));
    }
    return ZE_RESULT_SUCCESS;
}

}  // namespace

void CommandQueue::execute(Submission submission) {
    worker_.submit(std::move(submission));
    if (synchronous_) {
        (void)synchronize(UINT64_MAX);  // without a timeout it ends by being done, or lost
    }
}

ze_result_t new_command_queue(ze_context_handle_t context_handle, ze_device_handle_t device,
                              const ze_command_queue_desc_t* desc,
                              std::shared_ptr<CommandQueue>& queue) {
    auto context = find_context(context_handle);
    if (context == nullptr || !is_device(device)) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    if (desc == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    if ((desc->flags & ~kQueueFlags) != 0 || desc->mode > ZE_COMMAND_QUEUE_MODE_ASYNCHRONOUS ||
        desc->priority > ZE_COMMAND_QUEUE_PRIORITY_PRIORITY_HIGH) {
        return ZE_RESULT_ERROR_INVALID_ENUMERATION;
    }
    if (desc->ordinal >= kQueueGroupCount || desc->index >= queue_count()) {
        return ZE_RESULT_ERROR_INVALID_ARGUMENT;
    }
    queue = std::make_shared<CommandQueue>(std::move(context),
                                           desc->mode == ZE_COMMAND_QUEUE_MODE_SYNCHRONOUS);
    return ZE_RESULT_SUCCESS;
}

namespace entry {

ze_result_t command_queue_create(ze_context_handle_t context, ze_device_handle_t device,
                                 const ze_command_queue_desc_t* desc,
                                 ze_command_queue_handle_t* handle) {
    return guarded([&] {
        if (handle == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        std::shared_ptr<CommandQueue> queue;
        if (const auto result = new_command_queue(context, device, desc, queue);
            result != ZE_RESULT_SUCCESS) {
            return result;
        }
        *handle = publish<ze_command_queue_handle_t>(std::move(queue));
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t command_queue_destroy(ze_command_queue_handle_t handle) {
    return guarded([&] {
        return live<CommandQueue>().take(handle) != nullptr ? ZE_RESULT_SUCCESS
                                                            : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    });
}

ze_result_t command_queue_execute_command_lists(ze_command_queue_handle_t handle, uint32_t count,
                                                ze_command_list_handle_t* lists,
                                                ze_fence_handle_t fence) {
    return guarded([&] {
        const auto queue = live<CommandQueue>().find(handle);
        if (queue == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (lists == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if (queue->context()->lost()) {
            return ZE_RESULT_ERROR_DEVICE_LOST;
        }
        if (count == 0) {
            return ZE_RESULT_ERROR_INVALID_SIZE;
        }
        Submission submission;
        if (fence != nullptr) {
            submission.fence = live<Fence>().find(fence);
            if (submission.fence == nullptr) {
                return ZE_RESULT_ERROR_INVALID_SYNCHRONIZATION_OBJECT;
            }
        }
        if (const auto result = collect(count, lists, submission); result != ZE_RESULT_SUCCESS) {
            return result;
        }
        queue->execute(std::move(submission));
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t command_queue_synchronize(ze_command_queue_handle_t handle, uint64_t timeout_ns) {
    return guarded([&] {
        const auto queue = live<CommandQueue>().find(handle);
        if (queue == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        const bool done = queue->synchronize(timeout_ns);
        return queue->context()->outcome(done);
    });
}

}  // namespace entry

}  // namespace mrda::ze_soft
