// SPDX-License-Identifier: MIT
#include "fence.h"

#include <level_zero/ze_api.h>

#include "command_queue.h"
#include "entries.h"
#include "guard.h"
#include "handle_table.h"

namespace mrda::ze_soft {

namespace {

constexpr ze_fence_flags_t kFenceFlags = ZE_FENCE_FLAG_SIGNALED;

template <typename Body>
ze_result_t with_fence(ze_fence_handle_t handle, Body body) {
    return guarded([&] {
        const auto fence = live<Fence>().find(handle);
        return fence != nullptr ? body(*fence) : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    });
}

}  // namespace

namespace entry {

ze_result_t fence_create(ze_command_queue_handle_t queue_handle, const ze_fence_desc_t* desc,
                         ze_fence_handle_t* fence) {
    return guarded([&] {
        const auto queue = live<CommandQueue>().find(queue_handle);
        if (queue == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (desc == nullptr || fence == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if ((desc->flags & ~kFenceFlags) != 0) {
            return ZE_RESULT_ERROR_INVALID_ENUMERATION;
        }
        *fence = publish<ze_fence_handle_t>(
            std::make_shared<Fence>(queue->context(), (desc->flags & ZE_FENCE_FLAG_SIGNALED) != 0));
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t fence_destroy(ze_fence_handle_t fence) {
    return guarded([&] {
        return live<Fence>().take(fence) != nullptr ? ZE_RESULT_SUCCESS
                                                    : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    });
}

ze_result_t fence_host_synchronize(ze_fence_handle_t handle, uint64_t timeout_ns) {
    return with_fence(handle, [&](Fence& fence) {
        const bool done = fence.signal().wait(timeout_ns, fence.context().until_lost());
        return fence.context().outcome(done);
    });
}

ze_result_t fence_query_status(ze_fence_handle_t handle) {
    return with_fence(handle, [](Fence& fence) {
        const bool done = fence.signal().is_set();
        return fence.context().outcome(done);
    });
}

ze_result_t fence_reset(ze_fence_handle_t handle) {
    return with_fence(handle, [](Fence& fence) {
        fence.signal().reset();
        return ZE_RESULT_SUCCESS;
    });
}

}  // namespace entry

}  // namespace mrda::ze_soft
