// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "encode_request.h"
#include "event_loop.h"
#include "resource_manager.h"
#include "session_memory.h"
#include "session_state.h"
#include "session_wake.h"
#include "vm_registry.h"
#include "worker_pool.h"

namespace mrda::service {

/// What every session of this service has alike.
struct SessionSettings {
    std::string worker_program;
    bool spare_worker = false;  ///< One is kept ready.
    std::vector<std::string> plugin_dirs;
    std::string driver_dir;
    std::uint64_t worker_memory_bytes = 0;  ///< 0: no limit.
    std::uint32_t epoch = 1;
    std::uint64_t lease_ns = 10'000'000'000;
    std::uint64_t start_timeout_ns = 20'000'000'000;
    std::uint64_t stop_timeout_ns = 500'000'000;
};

/// One session: its memory, its worker, its state. For the loop's thread.
class Session {
  public:
    /// Told of each change of state; the session may not be destroyed by it.
    using Changed = std::function<void(Session&)>;

    Session(EventLoop& loop, const SessionSettings& settings, WorkerPool& workers, std::uint64_t id,
            std::shared_ptr<Vm> vm, SessionPlan plan, Placement placement, SessionMemory memory,
            SessionWake wake, Changed changed);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Starts the worker; `changed` hears what comes of it.
    Result<void> start();
    /// Errors: busy (not in this state).
    Result<void> drain();
    Result<void> reset();
    /// Ends it: at once if `now`, else the worker has a moment to end by itself.
    void stop(bool now);
    /// Asks the worker for its counts; `status` has them a moment later. Not again while they are
    /// on their way.
    void refresh();

    [[nodiscard]] std::uint64_t id() const { return id_; }
    [[nodiscard]] SessionState state() const { return state_; }
    [[nodiscard]] const std::shared_ptr<Vm>& vm() const { return vm_; }
    [[nodiscard]] const SessionPlan& plan() const { return plan_; }
    [[nodiscard]] const Placement& placement() const { return placement_; }
    [[nodiscard]] const SessionMemory* memory() const { return memory_ ? &*memory_ : nullptr; }
    /// Null: its worker is gone.
    [[nodiscard]] const SessionWake* wake() const { return wake_ ? &*wake_ : nullptr; }
    [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
    /// The worker is reaped and the memory given back.
    [[nodiscard]] bool released() const { return !worker_ && !memory_; }
    [[nodiscard]] v1::SessionStatus status() const;
    /// -1: there is none (any more).
    [[nodiscard]] pid_t worker_pid() const { return worker_ ? worker_->pid() : -1; }

    std::uint64_t lease_until_ns = 0;  ///< The manager's.

  private:
    Result<void> command(WorkerCommand command) const;
    Result<void> tell(WorkerCommand told);
    void hear();
    void heard(const WorkerEvent& event);
    void reaped();
    void fail(Error error);
    bool move(SessionEvent event);
    void release();

    EventLoop& loop_;
    const SessionSettings& settings_;
    WorkerPool& workers_;
    std::uint64_t id_;
    std::shared_ptr<Vm> vm_;
    SessionPlan plan_;
    Placement placement_;
    std::optional<SessionMemory> memory_;
    std::optional<SessionWake> wake_;
    ivshmem::WakeBy guest_woken_by_;
    ivshmem::WakeBy host_woken_by_;
    Changed changed_;
    Fd control_;
    std::unique_ptr<WorkerOutput> output_;
    std::optional<WorkerProcess> worker_;
    EventLoop::Id control_watch_ = 0;
    EventLoop::Id worker_watch_ = 0;
    EventLoop::Id timer_ = 0;
    SessionState state_ = SessionState::initialised;
    std::optional<Error> failure_;
    WorkerEvent counts_;
    WorkerEvent running_;
    std::uint64_t counts_asked_ns_ = 0;  // 0: they have come.
};

}  // namespace mrda::service
