// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "mrda/interop/owned.h"
#include "mrda/interop/result.h"
#include "mrda/interop/sync.h"
#include "mrda/l0/context.h"
#include "mrda/l0/kernel.h"

namespace mrda::l0 {

struct EventPoolPolicy {
    using Handle = ze_event_pool_handle_t;
    static Handle null() { return nullptr; }
    static void close(Handle pool);
};
struct EventPolicy {
    using Handle = ze_event_handle_t;
    static Handle null() { return nullptr; }
    static void close(Handle event);
};
struct CommandQueuePolicy {
    using Handle = ze_command_queue_handle_t;
    static Handle null() { return nullptr; }
    static void close(Handle queue);
};
struct CommandListPolicy {
    using Handle = ze_command_list_handle_t;
    static Handle null() { return nullptr; }
    static void close(Handle list);
};
struct FencePolicy {
    using Handle = ze_fence_handle_t;
    static Handle null() { return nullptr; }
    static void close(Handle fence);
};

/// A host-visible event in a pool of its own. Const calls may be made from several threads at once.
class Event {
  public:
    static Result<Event> create(const Context& context);
    Event() = default;
    Event(Event&&) noexcept = default;
    Event& operator=(Event&& other) noexcept;
    ~Event() = default;

    /// From the host. Neither waits.
    [[nodiscard]] Result<void> signal() const;
    [[nodiscard]] Result<void> reset() const;
    /// Errors: timeout, device_lost.
    [[nodiscard]] Result<void> wait(std::uint64_t timeout_ns = kWaitForever) const;
    /// This event as a Sync; the event must outlive it.
    [[nodiscard]] Sync sync() const;

    [[nodiscard]] ze_event_handle_t handle() const { return event_.get(); }

  private:
    Owned<EventPoolPolicy> pool_;
    Owned<EventPolicy> event_;
};

/// A rectangle of bytes in linear memory.
struct Rows {
    void* data = nullptr;
    std::uint32_t pitch_bytes = 0;
};

/// Copies and kernels by the device's engines. Immediate: each call is handed to the device at
/// once. Recorded: calls gather until submit(). In order: each command begins when the one before
/// is done. For one thread at a time. Pointers must stay valid until wait() returned; what is USM
/// and what is host memory, the driver finds out. Destroying one with work in flight waits for that
/// work.
class CommandList {
  public:
    enum class Kind : std::uint8_t { immediate, recorded };

    static Result<CommandList> create(const Context& context, Kind kind);
    CommandList(CommandList&&) noexcept = default;
    CommandList& operator=(CommandList&&) = delete;
    ~CommandList();

    [[nodiscard]] Result<void> copy(void* to, const void* from, std::size_t size_bytes);
    /// `row_bytes` of each of `rows` rows. Errors: invalid_argument (a pitch below row_bytes).
    [[nodiscard]] Result<void> copy_2d(Rows to, Rows from, std::uint32_t row_bytes,
                                       std::uint32_t rows);
    /// `pattern` must have a power of two of bytes, and `size_bytes` be a multiple of that.
    [[nodiscard]] Result<void> fill(void* to, std::span<const std::byte> pattern,
                                    std::size_t size_bytes);
    /// The kernel with the arguments and the group size that it has now, in `groups` work groups.
    /// It and its module must stay until wait() returned. Errors: invalid_argument (an argument was
    /// never set, or its memory has been freed, where the driver sees that).
    [[nodiscard]] Result<void> launch(const Kernel& kernel, Extent groups);
    [[nodiscard]] Result<void> barrier();
    /// Signals `event` when everything before is done; waits for it before going on.
    [[nodiscard]] Result<void> signal(const Event& event);
    [[nodiscard]] Result<void> wait_for(const Event& event);

    /// Recorded lists only: hands what has gathered to the device, and ends the gathering. May be
    /// called again after wait(). Errors: busy (still with the device).
    [[nodiscard]] Result<void> submit();
    /// Recorded lists only: forgets what has gathered, and gathers anew. Errors: busy (still with
    /// the device; wait() first).
    [[nodiscard]] Result<void> clear();
    /// Until the device is done with all that was handed to it. Errors: timeout, device_lost.
    [[nodiscard]] Result<void> wait(std::uint64_t timeout_ns = kWaitForever);

    [[nodiscard]] ze_command_list_handle_t handle() const { return list_.get(); }

  private:
    explicit CommandList(Kind kind) : kind_(kind) {}

    /// Before each command. Errors: invalid_argument, busy (a recorded list that was submitted).
    [[nodiscard]] Result<void> begin_append();
    Result<void> wait_for_mark(std::uint64_t timeout_ns);

    Kind kind_;
    bool in_flight_ = false;
    bool closed_ = false;  ///< Recorded lists: submitted, and not cleared since.
    /// Immediate lists: done_ will be signalled by the device, and nobody has waited for it yet.
    bool marked_ = false;
    bool appended_since_mark_ = false;
    Event done_;
    Owned<CommandQueuePolicy> queue_;
    Owned<CommandListPolicy> list_;
    Owned<FencePolicy> fence_;
};

}  // namespace mrda::l0
