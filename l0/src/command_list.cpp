// SPDX-License-Identifier: MIT
#include "mrda/l0/command_list.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "ze_error.h"

namespace mrda::l0 {

namespace {

ze_command_queue_desc_t queue_description() {
    ze_command_queue_desc_t description{};
    description.stype = ZE_STRUCTURE_TYPE_COMMAND_QUEUE_DESC;
    description.mode = ZE_COMMAND_QUEUE_MODE_ASYNCHRONOUS;
    return description;
}

std::string bytes_text(std::size_t bytes) {
    return std::to_string(bytes) + " bytes";
}

}  // namespace

void EventPoolPolicy::close(Handle pool) {
    zeEventPoolDestroy(pool);
}
void EventPolicy::close(Handle event) {
    zeEventDestroy(event);
}
void CommandQueuePolicy::close(Handle queue) {
    zeCommandQueueDestroy(queue);
}
void CommandListPolicy::close(Handle list) {
    zeCommandListDestroy(list);
}
void FencePolicy::close(Handle fence) {
    zeFenceDestroy(fence);
}

// A pool may go only after its events.  ze_api.h: zeEventPoolDestroy.
Event& Event::operator=(Event&& other) noexcept {
    event_ = std::move(other.event_);
    pool_ = std::move(other.pool_);
    return *this;
}

Result<Event> Event::create(const Context& context) {
    ze_event_pool_desc_t pool_description{};
    pool_description.stype = ZE_STRUCTURE_TYPE_EVENT_POOL_DESC;
    pool_description.flags = ZE_EVENT_POOL_FLAG_HOST_VISIBLE;
    pool_description.count = 1;
    ze_device_handle_t device = context.device();
    ze_event_pool_handle_t pool = nullptr;
    MRDA_ZE_TRY(zeEventPoolCreate, (context.handle(), &pool_description, 1, &device, &pool),
                "cannot make an event pool");
    Event event;
    event.pool_.reset(pool);
    ze_event_desc_t description{};
    description.stype = ZE_STRUCTURE_TYPE_EVENT_DESC;
    description.signal = ZE_EVENT_SCOPE_FLAG_HOST;
    description.wait = ZE_EVENT_SCOPE_FLAG_HOST;
    ze_event_handle_t handle = nullptr;
    MRDA_ZE_TRY(zeEventCreate, (pool, &description, &handle), "cannot make an event");
    event.event_.reset(handle);
    return event;
}

Result<void> Event::signal() const {
    MRDA_ZE_TRY(zeEventHostSignal, (event_.get()), "cannot signal an event");
    return {};
}

Result<void> Event::reset() const {
    MRDA_ZE_TRY(zeEventHostReset, (event_.get()), "cannot reset an event");
    return {};
}

Result<void> Event::wait(std::uint64_t timeout_ns) const {
    MRDA_ZE_TRY(
        zeEventHostSynchronize, (event_.get(), timeout_ns),
        "the event was not signalled within " + std::to_string(timeout_ns / 1'000'000) + " ms");
    return {};
}

Sync Event::sync() const {
    return Sync::pending(Sync::Kind::event, event_.get(), 0,
                         [](void* event, std::uint64_t, std::uint64_t timeout_ns) -> Result<void> {
                             MRDA_ZE_TRY(zeEventHostSynchronize,
                                         (static_cast<ze_event_handle_t>(event), timeout_ns),
                                         "the event was not signalled within " +
                                             std::to_string(timeout_ns / 1'000'000) + " ms");
                             return {};
                         });
}

Result<CommandList> CommandList::create(const Context& context, Kind kind) {
    CommandList made(kind);
    MRDA_ASSIGN(made.done_, Event::create(context));
    ze_command_queue_desc_t queue_desc = queue_description();
    ze_command_list_handle_t list = nullptr;
    if (kind == Kind::immediate) {
        MRDA_ZE_TRY(zeCommandListCreateImmediate,
                    (context.handle(), context.device(), &queue_desc, &list),
                    "cannot make an immediate command list");
        made.list_.reset(list);
        return made;
    }
    ze_command_queue_handle_t queue = nullptr;
    MRDA_ZE_TRY(zeCommandQueueCreate, (context.handle(), context.device(), &queue_desc, &queue),
                "cannot make a command queue");
    made.queue_.reset(queue);
    ze_command_list_desc_t description{};
    description.stype = ZE_STRUCTURE_TYPE_COMMAND_LIST_DESC;
    MRDA_ZE_TRY(zeCommandListCreate, (context.handle(), context.device(), &description, &list),
                "cannot make a command list");
    made.list_.reset(list);
    ze_fence_desc_t fence_description{};
    fence_description.stype = ZE_STRUCTURE_TYPE_FENCE_DESC;
    ze_fence_handle_t fence = nullptr;
    MRDA_ZE_TRY(zeFenceCreate, (queue, &fence_description, &fence), "cannot make a fence");
    made.fence_.reset(fence);
    return made;
}

CommandList::~CommandList() {
    if (in_flight_ && list_.valid()) {
        // Nobody is left to hear of a failure.
        static_cast<void>(wait());
    }
}

Result<void> CommandList::begin_append() {
    if (kind_ == Kind::immediate) {
        in_flight_ = true;
        appended_since_mark_ = true;
        return {};
    }
    if (closed_) {
        return make_error(in_flight_ ? Errc::busy : Errc::invalid_argument,
                          "this command list was submitted and gathers nothing more; wait() for it "
                          "and clear() it first");
    }
    return {};
}

// Command lists are not in order by themselves: each command waits behind a barrier.  ze_api.h:
// zeCommandListAppendBarrier.
Result<void> CommandList::copy(void* to, const void* from, std::size_t size_bytes) {
    MRDA_TRY(barrier());
    MRDA_ZE_TRY(zeCommandListAppendMemoryCopy,
                (list_.get(), to, from, size_bytes, nullptr, 0, nullptr),
                "cannot copy " + bytes_text(size_bytes));
    return {};
}

Result<void> CommandList::copy_2d(Rows to, Rows from, std::uint32_t row_bytes, std::uint32_t rows) {
    if (to.pitch_bytes < row_bytes || from.pitch_bytes < row_bytes) {
        return make_error(Errc::invalid_argument, "rows of " + bytes_text(row_bytes) +
                                                      " asked for, with pitches of " +
                                                      std::to_string(from.pitch_bytes) + " and " +
                                                      std::to_string(to.pitch_bytes));
    }
    MRDA_TRY(barrier());
    const ze_copy_region_t region{0, 0, 0, row_bytes, rows, 1};
    MRDA_ZE_TRY(zeCommandListAppendMemoryCopyRegion,
                (list_.get(), to.data, &region, to.pitch_bytes, 0, from.data, &region,
                 from.pitch_bytes, 0, nullptr, 0, nullptr),
                "cannot copy " + std::to_string(rows) + " rows of " + bytes_text(row_bytes));
    return {};
}

Result<void> CommandList::fill(void* to, std::span<const std::byte> pattern,
                               std::size_t size_bytes) {
    MRDA_TRY(barrier());
    MRDA_ZE_TRY(zeCommandListAppendMemoryFill,
                (list_.get(), to, pattern.data(), pattern.size(), size_bytes, nullptr, 0, nullptr),
                "cannot fill " + bytes_text(size_bytes) + " with a pattern of " +
                    bytes_text(pattern.size()));
    return {};
}

Result<void> CommandList::launch(const Kernel& kernel, Extent groups) {
    MRDA_TRY(barrier());
    const ze_group_count_t count{groups.x, groups.y, groups.z};
    MRDA_ZE_TRY(zeCommandListAppendLaunchKernel,
                (list_.get(), kernel.handle(), &count, nullptr, 0, nullptr),
                "cannot launch kernel " + kernel.name() +
                    "; all its arguments must be set, and their memory must be there");
    return {};
}

Result<void> CommandList::barrier() {
    MRDA_TRY(begin_append());
    MRDA_ZE_TRY(zeCommandListAppendBarrier, (list_.get(), nullptr, 0, nullptr),
                "cannot append a barrier");
    return {};
}

Result<void> CommandList::signal(const Event& event) {
    MRDA_TRY(begin_append());
    MRDA_ZE_TRY(zeCommandListAppendBarrier, (list_.get(), event.handle(), 0, nullptr),
                "cannot append a signal");
    return {};
}

Result<void> CommandList::wait_for(const Event& event) {
    MRDA_TRY(begin_append());
    ze_event_handle_t handle = event.handle();
    MRDA_ZE_TRY(zeCommandListAppendBarrier, (list_.get(), nullptr, 1, &handle),
                "cannot append a wait");
    return {};
}

Result<void> CommandList::submit() {
    if (kind_ != Kind::recorded) {
        return make_error(Errc::invalid_argument,
                          "an immediate command list has nothing to submit");
    }
    if (in_flight_) {
        return make_error(Errc::busy, "the command list is still with the device; wait() first");
    }
    if (!closed_) {
        MRDA_ZE_TRY(zeCommandListClose, (list_.get()), "cannot close a command list");
        closed_ = true;
    }
    ze_command_list_handle_t list = list_.get();
    MRDA_ZE_TRY(zeCommandQueueExecuteCommandLists, (queue_.get(), 1, &list, fence_.get()),
                "cannot submit a command list");
    in_flight_ = true;
    return {};
}

Result<void> CommandList::clear() {
    if (kind_ != Kind::recorded) {
        return make_error(Errc::invalid_argument, "an immediate command list has nothing to clear");
    }
    if (in_flight_) {
        return make_error(Errc::busy, "the command list is still with the device; wait() first");
    }
    MRDA_ZE_TRY(zeCommandListReset, (list_.get()), "cannot clear a command list");
    closed_ = false;
    return {};
}

// A wait that ran out of time leaves its mark with the device. It must be met before done_ serves
// for another, or a later wait would take the old mark's signal for its own.
Result<void> CommandList::wait_for_mark(std::uint64_t timeout_ns) {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    for (;;) {
        if (!marked_) {
            MRDA_TRY(signal(done_));
            marked_ = true;
            appended_since_mark_ = false;
        }
        const auto spent_ns = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count());
        MRDA_TRY(done_.wait(timeout_ns == kWaitForever
                                ? kWaitForever
                                : timeout_ns - std::min(timeout_ns, spent_ns)));
        MRDA_TRY(done_.reset());
        marked_ = false;
        if (!appended_since_mark_) {
            return {};
        }
    }
}

Result<void> CommandList::wait(std::uint64_t timeout_ns) {
    if (!in_flight_) {
        return {};
    }
    if (kind_ == Kind::recorded) {
        MRDA_ZE_TRY(
            zeFenceHostSynchronize, (fence_.get(), timeout_ns),
            "the device was not done within " + std::to_string(timeout_ns / 1'000'000) + " ms");
        MRDA_ZE_TRY(zeFenceReset, (fence_.get()), "cannot reset a fence");
    } else {
        MRDA_TRY(wait_for_mark(timeout_ns));
    }
    in_flight_ = false;
    return {};
}

}  // namespace mrda::l0
