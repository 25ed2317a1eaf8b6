// SPDX-License-Identifier: MIT
#include "command_list.h"

#include "driver.h"
#include "entries.h"
#include "guard.h"
#include "handle_table.h"

namespace mrda::ze_soft {

namespace {

constexpr ze_command_list_flags_t kListFlags = ZE_COMMAND_LIST_FLAG_RELAXED_ORDERING |
                                               ZE_COMMAND_LIST_FLAG_MAXIMIZE_THROUGHPUT |
                                               ZE_COMMAND_LIST_FLAG_EXPLICIT_ONLY;

/// Runs `body` on the live regular list behind the handle.
template <typename Body>
ze_result_t with_regular_list(ze_command_list_handle_t handle, Body body) {
    return guarded([&] {
        const auto list = live<CommandList>().find(handle);
        if (list == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (list->is_immediate()) {
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
        }
        body(*list);
        return ZE_RESULT_SUCCESS;
    });
}

}  // namespace

void CommandList::append(Command command) {
    if (!is_immediate()) {
        recording_->push_back(std::move(command));
        return;
    }
    auto commands = std::make_shared<Commands>();
    commands->push_back(std::move(command));
    queue_->execute({.lists = {std::move(commands)}, .fence = nullptr});
}

void CommandList::reset() {
    auto empty = std::make_shared<Commands>();
    recorded_ = nullptr;
    recording_ = std::move(empty);
}

namespace entry {

ze_result_t command_list_create(ze_context_handle_t context_handle, ze_device_handle_t device,
                                const ze_command_list_desc_t* desc,
                                ze_command_list_handle_t* handle) {
    return guarded([&] {
        auto context = find_context(context_handle);
        if (context == nullptr || !is_device(device)) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (desc == nullptr || handle == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if ((desc->flags & ~kListFlags) != 0) {
            return ZE_RESULT_ERROR_INVALID_ENUMERATION;
        }
        if (desc->commandQueueGroupOrdinal >= kQueueGroupCount) {
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
        }
        *handle =
            publish<ze_command_list_handle_t>(std::make_shared<CommandList>(std::move(context)));
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t command_list_create_immediate(ze_context_handle_t context, ze_device_handle_t device,
                                          const ze_command_queue_desc_t* desc,
                                          ze_command_list_handle_t* handle) {
    return guarded([&] {
        if (handle == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        std::shared_ptr<CommandQueue> queue;
        if (const auto result = new_command_queue(context, device, desc, queue);
            result != ZE_RESULT_SUCCESS) {
            return result;
        }
        *handle =
            publish<ze_command_list_handle_t>(std::make_shared<CommandList>(std::move(queue)));
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t command_list_destroy(ze_command_list_handle_t handle) {
    return guarded([&] {
        return live<CommandList>().take(handle) != nullptr ? ZE_RESULT_SUCCESS
                                                           : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    });
}

ze_result_t command_list_close(ze_command_list_handle_t handle) {
    return with_regular_list(handle, [](CommandList& list) { list.close(); });
}

ze_result_t command_list_reset(ze_command_list_handle_t handle) {
    return with_regular_list(handle, [](CommandList& list) { list.reset(); });
}

}  // namespace entry

}  // namespace mrda::ze_soft
