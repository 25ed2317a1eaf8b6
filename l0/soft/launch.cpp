// SPDX-License-Identifier: MIT
// Kernels as commands. What a kernel needs is taken when its launch is appended.
#include "allocation.h"
#include "append.h"
#include "entries.h"
#include "kernel.h"

namespace mrda::ze_soft {

namespace {

/// The live kernel behind `handle`, made ready to run.
ze_result_t prepare(ze_kernel_handle_t handle, std::shared_ptr<const Launch>& launch) {
    const auto kernel = find_kernel(handle);
    return kernel == nullptr ? ZE_RESULT_ERROR_INVALID_NULL_HANDLE : kernel->prepare(launch);
}

}  // namespace

namespace entry {

ze_result_t append_launch_kernel(ze_command_list_handle_t list, ze_kernel_handle_t kernel,
                                 const ze_group_count_t* count, ze_event_handle_t signal,
                                 uint32_t wait_count, ze_event_handle_t* wait_for) {
    return append(list, {signal, wait_count, wait_for}, [&](Command& command) {
        if (count == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        std::shared_ptr<const Launch> launch;
        const ze_result_t result = prepare(kernel, launch);
        command.act = [launch = std::move(launch), groups = *count] { launch->run(groups); };
        return result;
    });
}

ze_result_t append_launch_kernel_indirect(ze_command_list_handle_t list, ze_kernel_handle_t kernel,
                                          const ze_group_count_t* count, ze_event_handle_t signal,
                                          uint32_t wait_count, ze_event_handle_t* wait_for) {
    return append(list, {signal, wait_count, wait_for}, [&](Command& command) {
        if (count == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if (allocations().find(count) == nullptr ||
            reinterpret_cast<std::uintptr_t>(count) % alignof(ze_group_count_t) != 0) {
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
        }
        if (!in_bounds(count, sizeof *count)) {
            return ZE_RESULT_ERROR_INVALID_SIZE;
        }
        std::shared_ptr<const Launch> launch;
        const ze_result_t result = prepare(kernel, launch);
        command.act = [launch = std::move(launch), count] {
            // A copy: commands of other queues may write it while this one runs.
            const ze_group_count_t groups = *count;
            launch->run(groups);
        };
        return result;
    });
}

}  // namespace entry

}  // namespace mrda::ze_soft
