// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "command_list.h"
#include "guard.h"
#include "handle_table.h"

namespace mrda::ze_soft {

/// The events that a command waits for and signals, as the client names them.
struct EventArguments {
    ze_event_handle_t signal;
    uint32_t wait_count;
    const ze_event_handle_t* wait_for;
};

/// Gives `command` the live events behind the handles.
ze_result_t resolve(const EventArguments& arguments, Command& command);

/// Whether `size_bytes` from `pointer` stay inside its allocation; memory that is not USM is the
/// client's own affair.
bool in_bounds(const void* pointer, std::size_t size_bytes);

/// Appends to the live, open list behind the handle what `make(command)` makes of a command that
/// has its events; `make` checks the rest.
template <typename Make>
ze_result_t append(ze_command_list_handle_t handle, const EventArguments& events, Make make) {
    return guarded([&] {
        const auto list = live<CommandList>().find(handle);
        if (list == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (!list->is_open()) {
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
        }
        if (list->context().lost()) {
            return ZE_RESULT_ERROR_DEVICE_LOST;
        }
        Command command;
        if (const auto result = resolve(events, command); result != ZE_RESULT_SUCCESS) {
            return result;
        }
        if (const ze_result_t result = make(command); result != ZE_RESULT_SUCCESS) {
            return result;
        }
        list->append(std::move(command));
        return ZE_RESULT_SUCCESS;
    });
}

}  // namespace mrda::ze_soft
