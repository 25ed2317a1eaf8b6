// SPDX-License-Identifier: MIT
#include "event.h"

#include "driver.h"
#include "entries.h"
#include "guard.h"
#include "handle_table.h"

namespace mrda::ze_soft {

namespace {

constexpr ze_event_pool_flags_t kPoolFlags =
    ZE_EVENT_POOL_FLAG_HOST_VISIBLE | ZE_EVENT_POOL_FLAG_IPC | ZE_EVENT_POOL_FLAG_KERNEL_TIMESTAMP;
constexpr ze_event_scope_flags_t kScopeFlags =
    ZE_EVENT_SCOPE_FLAG_SUBDEVICE | ZE_EVENT_SCOPE_FLAG_DEVICE | ZE_EVENT_SCOPE_FLAG_HOST;
constexpr uint32_t kMaxPoolEvents = 1U << 20;

/// Runs `body` on the live event behind the handle.
template <typename Body>
ze_result_t with_event(ze_event_handle_t handle, Body body) {
    return guarded([&] {
        const auto event = live<Event>().find(handle);
        return event != nullptr ? body(*event) : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    });
}

}  // namespace

bool EventPool::take_place(uint32_t index) {
    const std::lock_guard lock(mutex_);
    if (index >= taken_.size() || taken_[index]) {
        return false;
    }
    taken_[index] = true;
    return true;
}

void EventPool::free_place(uint32_t index) {
    const std::lock_guard lock(mutex_);
    taken_[index] = false;
}

void Event::leave_place() {
    if (has_place_.exchange(false)) {
        pool_->free_place(index_);
    }
}

void Event::complete(uint64_t start_ns, uint64_t end_ns) {
    start_ns_ = start_ns;
    end_ns_ = end_ns;
    signal_.set();
}

namespace entry {

ze_result_t event_pool_create(ze_context_handle_t context_handle, const ze_event_pool_desc_t* desc,
                              uint32_t device_count, ze_device_handle_t* devices,
                              ze_event_pool_handle_t* pool) {
    return guarded([&] {
        auto context = find_context(context_handle);
        if (context == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (desc == nullptr || pool == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if ((desc->flags & ~kPoolFlags) != 0) {
            return ZE_RESULT_ERROR_INVALID_ENUMERATION;
        }
        if (desc->count == 0 || desc->count > kMaxPoolEvents) {
            return ZE_RESULT_ERROR_INVALID_SIZE;
        }
        if ((desc->flags & ZE_EVENT_POOL_FLAG_IPC) != 0) {
            return ZE_RESULT_ERROR_UNSUPPORTED_FEATURE;
        }
        if (const auto result = check_devices(device_count, devices); result != ZE_RESULT_SUCCESS) {
            return result;
        }
        const bool timestamps = (desc->flags & ZE_EVENT_POOL_FLAG_KERNEL_TIMESTAMP) != 0;
        *pool = publish<ze_event_pool_handle_t>(
            std::make_shared<EventPool>(std::move(context), desc->count, timestamps));
        return ZE_RESULT_SUCCESS;
    });
}

// The pool's events live on: each keeps its pool.
ze_result_t event_pool_destroy(ze_event_pool_handle_t pool) {
    return guarded([&] {
        return live<EventPool>().take(pool) != nullptr ? ZE_RESULT_SUCCESS
                                                       : ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    });
}

ze_result_t event_create(ze_event_pool_handle_t pool_handle, const ze_event_desc_t* desc,
                         ze_event_handle_t* event) {
    return guarded([&] {
        auto pool = live<EventPool>().find(pool_handle);
        if (pool == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        if (desc == nullptr || event == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if (((desc->signal | desc->wait) & ~kScopeFlags) != 0) {
            return ZE_RESULT_ERROR_INVALID_ENUMERATION;
        }
        if (!pool->take_place(desc->index)) {
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
        }
        std::shared_ptr<Event> created;
        try {
            created = std::make_shared<Event>(pool, desc->index);
        } catch (...) {
            pool->free_place(desc->index);
            throw;
        }
        *event = publish<ze_event_handle_t>(std::move(created));
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t event_destroy(ze_event_handle_t event) {
    return guarded([&] {
        const auto destroyed = live<Event>().take(event);
        if (destroyed == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        destroyed->leave_place();
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t event_host_signal(ze_event_handle_t handle) {
    return with_event(handle, [](Event& event) {
        const uint64_t now_ns = timestamp_ns();
        event.complete(now_ns, now_ns);
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t event_host_synchronize(ze_event_handle_t handle, uint64_t timeout_ns) {
    return with_event(handle, [&](Event& event) {
        const bool done = event.signal().wait(timeout_ns, event.context().until_lost());
        return event.context().outcome(done);
    });
}

ze_result_t event_query_status(ze_event_handle_t handle) {
    return with_event(handle, [](Event& event) {
        const bool done = event.signal().is_set();
        return event.context().outcome(done);
    });
}

ze_result_t event_host_reset(ze_event_handle_t handle) {
    return with_event(handle, [](Event& event) {
        event.signal().reset();
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t event_query_kernel_timestamp(ze_event_handle_t handle,
                                         ze_kernel_timestamp_result_t* result) {
    return with_event(handle, [&](Event& event) {
        if (result == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if (!event.timestamps()) {
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
        }
        if (!event.signal().is_set()) {
            return ZE_RESULT_NOT_READY;
        }
        const ze_kernel_timestamp_data_t ran = {event.start_ns(), event.end_ns()};
        *result = {.global = ran, .context = ran};
        return ZE_RESULT_SUCCESS;
    });
}

}  // namespace entry

}  // namespace mrda::ze_soft
