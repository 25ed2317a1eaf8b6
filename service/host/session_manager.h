// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "event_loop.h"
#include "mrda/v1/sessions.pb.h"
#include "resource_manager.h"
#include "session.h"
#include "session_watches.h"
#include "vm_registry.h"

namespace mrda::service {

/// All sessions. For the loop's thread.
class SessionManager {
  public:
    using Created = std::function<void(Result<v1::CreateReply>)>;

    SessionManager(EventLoop& loop, SessionSettings settings, ResourceManager& resources,
                   std::string region_socket_path);
    ~SessionManager();

    /// `created` is called once, when the worker is ready or something failed. `call` is for
    /// abandon(). Errors: what plan_session(), regions_of() and the worker say; exhausted (the VM's
    /// caps, the machine's); timeout (it was abandoned).
    void create(const std::shared_ptr<Vm>& vm, const v1::CreateRequest& request, std::uint64_t call,
                Created created);
    /// Nobody waits for what that create() makes: it is stopped, unless `created` was called.
    void abandon(std::uint64_t call);

    /// `vm`: who asks; null: an administrator. A session of somebody else's is not there.
    /// Errors: not_found.
    Result<Session*> find(const Vm* vm, std::uint64_t id);
    [[nodiscard]] std::vector<const Session*> list(const Vm* vm) const;
    /// Errors: not_found; busy (it has ended: why).
    Result<std::uint64_t> renew(const Vm* vm, std::uint64_t id);
    /// Ends it as its owner or an administrator asks; the worker has a moment to end by itself.
    void stop(Session& session);
    /// The watcher hears the status now, and after each change. Errors: not_found; exhausted;
    /// end_of_stream (the service is closing).
    Result<std::uint64_t> watch(const Vm* vm, std::uint64_t id, SessionWatcher watcher);
    void unwatch(std::uint64_t watch);

    /// Told each time when the worker has woken the guest, and with `last` once it does no more.
    using WakeListener = std::function<void(bool last)>;
    /// Has the stream of one session take its wake-ups; an older stream's listener hears its last.
    /// Returns the eventfd that wakes the worker, the caller's own. Errors: not_found; busy (the
    /// session's ways of waking have no stream, or it has ended).
    Result<Fd> listen_for_wakes(const Vm* vm, std::uint64_t id, std::uint64_t stream,
                                WakeListener listener);
    void stop_listening(std::uint64_t id, std::uint64_t stream);

    /// The VM's machine is gone: sessions of guests in it are stopped.
    void machine_left(const Vm& vm);

    /// The region that `token` opens, as a descriptor of the region's owner; -1: none.
    [[nodiscard]] int region_of(const std::string& token) const;

    /// Has a worker begin for the first session to come, if the settings want one.
    void warm_up();
    /// Takes no new session, asks those that run for their last packets, and stops what is left
    /// after `patience_ns`; `done` is called when none is left.
    void shut_down(std::uint64_t patience_ns, std::function<void()> done);
    /// Stops all at once.
    void stop_all();
    [[nodiscard]] std::size_t count() const { return sessions_.size(); }

  private:
    /// What the next session will probably run on.
    [[nodiscard]] std::optional<WorkerPreparation> foresee() const;
    struct Entry {
        std::unique_ptr<Session> session;
        Created created;
        std::uint64_t call = 0;  ///< That `created` answers.
        std::string input_token;
        std::string output_token;
        bool reserved = true;
        bool removing = false;
        SessionState logged = SessionState::initialised;
        WakeListener wake_listener;
        std::uint64_t wake_stream = 0;  ///< Whose listener it is.
        EventLoop::Id wake_watch = 0;
    };

    Result<Session*> start(const std::shared_ptr<Vm>& vm, const v1::CreateRequest& request,
                           std::uint64_t call, Created& created);
    void changed(Session& session);
    void end_wakes(Entry& entry);
    void answer(Entry& entry);
    void remove_later(std::uint64_t id);
    void arm_lease(Session& session);

    EventLoop& loop_;
    SessionSettings settings_;
    ResourceManager& resources_;
    WorkerPool workers_;
    std::string region_socket_path_;
    std::map<std::uint64_t, Entry> sessions_;
    std::unordered_map<std::string, std::shared_ptr<SharedRegion>> attachable_;
    SessionWatches watches_;
    std::uint64_t next_session_;
    std::function<void()> all_gone_;
    bool closing_ = false;
};

}  // namespace mrda::service
