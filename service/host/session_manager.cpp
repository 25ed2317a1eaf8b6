// SPDX-License-Identifier: MIT
#include "session_manager.h"

#include <utility>

#include "admission.h"
#include "create_reply.h"
#include "log.h"
#include "mrda/ivshmem/wakeup.h"
#include "state_file.h"

namespace mrda::service {

namespace {

using ivshmem::now_ns;

/// Session ids of one life of the service; the epoch stands above them.
constexpr int kEpochShift = 32;
/// What gRPC calls UNAVAILABLE: a guest may wait for the next life of the service.
Error ending() {
    return make_error(Errc::end_of_stream, "the service is ending");
}

SessionPlace place_of(const v1::CreateRequest& request) {
    SessionPlace place;
    if (request.has_in_extent_offset_bytes()) {
        place.input = request.in_extent_offset_bytes();
    }
    if (request.has_out_extent_offset_bytes()) {
        place.output = request.out_extent_offset_bytes();
    }
    return place;
}

void log_state(const Session& session) {
    const v1::SessionStatus status = session.status();
    const std::string id = std::to_string(session.id());
    const std::string state(to_string(session.state()));
    if (session.failure()) {
        Log::warn("session",
                  {{"id", id}, {"vm", status.vm()}, {"state", state}, {"why", status.failure()}});
        return;
    }
    Log::info("session", {{"id", id},
                          {"vm", status.vm()},
                          {"state", state},
                          {"codec", status.codec()},
                          {"path", status.path().empty() ? "none" : status.path()},
                          {"frames", std::to_string(status.frames())}});
}

}  // namespace

SessionManager::SessionManager(EventLoop& loop, SessionSettings settings,
                               ResourceManager& resources, std::string region_socket_path)
    : loop_(loop),
      settings_(std::move(settings)),
      resources_(resources),
      workers_(loop, settings_.worker_program, [this] { return foresee(); }),
      region_socket_path_(std::move(region_socket_path)),
      next_session_((std::uint64_t{settings_.epoch} << kEpochShift) + 1) {}

SessionManager::~SessionManager() = default;

void SessionManager::create(const std::shared_ptr<Vm>& vm, const v1::CreateRequest& request,
                            std::uint64_t call, Created created) {
    // Before anything is looked at, and not logged: this is what bounds both.
    if (const auto credit = take_create_credit(*vm); !credit.ok()) {
        created(credit.error());
        return;
    }
    const auto started = start(vm, request, call, created);
    if (!started.ok()) {
        Log::warn("session refused",
                  {{"vm", vm->config.name}, {"why", to_string(started.error())}});
        created(started.error());
    }
}

void SessionManager::abandon(std::uint64_t call) {
    for (auto& [id, entry] : sessions_) {
        if (entry.created != nullptr && entry.call == call) {
            std::exchange(entry.created, nullptr)(
                make_error(Errc::timeout, "nobody waits for the session any more"));
            entry.session->stop(true);
            if (entry.session->released()) {
                remove_later(id);
            }
            return;
        }
    }
}

Result<Session*> SessionManager::start(const std::shared_ptr<Vm>& vm,
                                       const v1::CreateRequest& request, std::uint64_t call,
                                       Created& created) {
    if (closing_) {
        return ending();
    }
    MRDA_ASSIGN(SessionPlan plan, plan_session(request));
    MRDA_ASSIGN(const Placement placement, admit(*vm, plan, resources_));
    MRDA_ASSIGN(SessionRegions regions,
                regions_of(*vm, request.in_device_path(), request.out_device_path()));
    Entry entry;
    MRDA_ASSIGN(entry.input_token, random_token());
    MRDA_ASSIGN(entry.output_token, random_token());
    const auto input = regions.input;
    const auto output = regions.output;
    if (input == output) {
        entry.output_token = entry.input_token;
    }
    // Anew for each session, as guests can spoil it.
    MRDA_TRY(input->introduce());
    MRDA_TRY(output->introduce());
    MRDA_ASSIGN(SessionWake wake, SessionWake::agree(request.wake(), *input));
    MRDA_ASSIGN(SessionMemory memory,
                SessionMemory::carve(std::move(regions), plan.layout, place_of(request)));
    const std::uint64_t id = next_session_++;
    const std::uint64_t pixels = plan.pixels_per_second();
    entry.session = std::make_unique<Session>(loop_, settings_, workers_, id, vm, std::move(plan),
                                              placement, std::move(memory), std::move(wake),
                                              [this](Session& session) { changed(session); });
    MRDA_TRY(entry.session->start());
    resources_.reserve(placement, pixels);
    attachable_[entry.input_token] = input;
    attachable_[entry.output_token] = output;
    entry.created = std::move(created);
    entry.call = call;
    Session* const session = entry.session.get();
    sessions_.emplace(id, std::move(entry));
    return session;
}

void SessionManager::answer(Entry& entry) {
    const Created created = std::exchange(entry.created, nullptr);
    if (!created) {
        return;
    }
    Session& session = *entry.session;
    if (is_last(session.state())) {
        created(session.failure().value_or(
            make_error(Errc::busy, "the session was stopped while it started")));
        return;
    }
    arm_lease(session);
    created(create_reply(session, settings_,
                         {region_socket_path_, entry.input_token, entry.output_token}));
}

void SessionManager::changed(Session& session) {
    const auto found = sessions_.find(session.id());
    if (found == sessions_.end()) {
        return;  // It failed inside start(), whose error says so.
    }
    Entry& entry = found->second;
    const SessionState state = session.state();
    // The last one waits for the worker's last counts.
    const bool settled = !is_last(state) || session.released();
    if (settled && std::exchange(entry.logged, state) != state) {
        log_state(session);
    }
    const bool failed_start = is_last(state) && entry.created != nullptr;
    if (state != SessionState::initialised) {
        answer(entry);
    }
    if (entry.reserved && session.released()) {
        entry.reserved = false;
        resources_.release(session.placement(), session.plan().pixels_per_second());
    }
    if (is_last(state)) {
        attachable_.erase(entry.input_token);
        attachable_.erase(entry.output_token);
    }
    if (session.wake() == nullptr || is_last(state)) {
        end_wakes(entry);
    }
    if (!closing_) {  // Not stopped for good: guests hear that the service went, and come back.
        watches_.tell(session);
    }
    // A failed one stays to be asked about, until its owner stops it or its lease ends.
    const bool forgotten =
        state == SessionState::stopped || failed_start || session.lease_until_ns == 0;
    if (is_last(state) && session.released() && forgotten) {
        remove_later(session.id());
    }
}

void SessionManager::remove_later(std::uint64_t id) {
    Entry& entry = sessions_.at(id);
    if (std::exchange(entry.removing, true)) {
        return;
    }
    loop_.post([this, id] {
        sessions_.erase(id);
        if (sessions_.empty() && all_gone_) {
            std::exchange(all_gone_, nullptr)();
        }
    });
}

Result<Fd> SessionManager::listen_for_wakes(const Vm* vm, std::uint64_t id, std::uint64_t stream,
                                            WakeListener listener) {
    MRDA_ASSIGN(const Session* const session, find(vm, id));
    const SessionWake* const wake = session->wake();
    if (wake == nullptr || is_last(session->state())) {
        return make_error(Errc::busy, "session " + std::to_string(id) + " has ended");
    }
    if (wake->guest() != ivshmem::WakeBy::stream && wake->host() != ivshmem::WakeBy::stream) {
        return make_error(Errc::busy, "session " + std::to_string(id) + " wakes by " +
                                          std::string(to_string(wake->guest())) + " and " +
                                          std::string(to_string(wake->host())) +
                                          ", and has no use for a stream");
    }
    Fd event;
    if (wake->host() == ivshmem::WakeBy::stream) {
        MRDA_ASSIGN(event, duplicate_fd(wake->host_event()));
    }
    Entry& entry = sessions_.at(id);
    end_wakes(entry);
    if (wake->guest() == ivshmem::WakeBy::stream) {
        MRDA_ASSIGN(entry.wake_watch,
                    loop_.watch(wake->guest_event(), [&entry, fd = wake->guest_event()] {
                        ivshmem::clear_event(fd);
                        entry.wake_listener(false);
                    }));
    }
    entry.wake_listener = std::move(listener);
    entry.wake_stream = stream;
    return event;
}

void SessionManager::stop_listening(std::uint64_t id, std::uint64_t stream) {
    const auto found = sessions_.find(id);
    if (found != sessions_.end() && found->second.wake_stream == stream) {
        found->second.wake_listener = nullptr;
        end_wakes(found->second);
    }
}

void SessionManager::end_wakes(Entry& entry) {
    loop_.forget(std::exchange(entry.wake_watch, 0));
    entry.wake_stream = 0;
    if (const auto listener = std::exchange(entry.wake_listener, nullptr)) {
        listener(true);
    }
}

void SessionManager::arm_lease(Session& session) {
    session.lease_until_ns = now_ns() + settings_.lease_ns;
    const auto check = [this, id = session.id()](const auto& self, std::uint64_t delay_ns) -> void {
        loop_.after(delay_ns, [this, id, self] {
            const auto found = sessions_.find(id);
            if (found == sessions_.end()) {
                return;
            }
            Session& leased = *found->second.session;
            const std::uint64_t now = now_ns();
            if (now < leased.lease_until_ns) {
                self(self, leased.lease_until_ns - now);
            } else {
                leased.stop(true);  // Its guest is gone: nobody is owed a moment.
                if (leased.released()) {
                    remove_later(id);
                }
            }
        });
    };
    check(check, settings_.lease_ns);
}

Result<Session*> SessionManager::find(const Vm* vm, std::uint64_t id) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end() || (vm != nullptr && found->second.session->vm().get() != vm)) {
        return make_error(Errc::not_found,
                          "no session " + std::to_string(id) +
                              "; it was stopped, its lease ended, or the service was restarted");
    }
    return found->second.session.get();
}

std::vector<const Session*> SessionManager::list(const Vm* vm) const {
    std::vector<const Session*> found;
    for (const auto& [id, entry] : sessions_) {
        if (vm == nullptr || entry.session->vm().get() == vm) {
            entry.session->refresh();
            found.push_back(entry.session.get());
        }
    }
    return found;
}

Result<std::uint64_t> SessionManager::renew(const Vm* vm, std::uint64_t id) {
    const auto found = find(vm, id);
    if (closing_ && (!found.ok() || is_last((*found)->state()))) {
        return ending();
    }
    MRDA_ASSIGN(Session* const session, found);
    if (is_last(session->state())) {
        const std::string why =
            session->failure() ? ": " + to_string(*session->failure()) : std::string();
        return make_error(Errc::busy, "session " + std::to_string(id) + " is " +
                                          std::string(to_string(session->state())) + why);
    }
    session->lease_until_ns = now_ns() + settings_.lease_ns;
    // It looks at its ring, too, where the guest has spoiled what would have woken it.
    session->refresh();
    return settings_.lease_ns;
}

void SessionManager::stop(Session& session) {
    session.stop(false);
    if (session.released()) {
        remove_later(session.id());
    }
}

Result<std::uint64_t> SessionManager::watch(const Vm* vm, std::uint64_t id,
                                            SessionWatcher watcher) {
    if (closing_) {
        return ending();  // It drains, and not because somebody wants this session's stream to end.
    }
    MRDA_ASSIGN(const Session* const session, find(vm, id));
    return watches_.add(*session, std::move(watcher));
}

void SessionManager::unwatch(std::uint64_t watch) {
    watches_.remove(watch);
}

void SessionManager::machine_left(const Vm& vm) {
    for (const Session* const listed : list(&vm)) {
        // By futex, its guest is a process of the host's.
        if (listed->wake() != nullptr && listed->wake()->host() != ivshmem::WakeBy::futex) {
            stop(*sessions_.at(listed->id()).session);
        }
    }
}

int SessionManager::region_of(const std::string& token) const {
    int fd = -1;
    for (const auto& [known, region] : attachable_) {
        if (equal_in_constant_time(known, token)) {
            fd = region->region.fd();
        }
    }
    return fd;
}

std::optional<WorkerPreparation> SessionManager::foresee() const {
    if (!settings_.spare_worker) {
        return std::nullopt;
    }
    const Placement placement = resources_.next_placement();
    return WorkerPreparation{.platform = placement.on_gpu() ? "gpu" : "software",
                             .device = placement.pci_address,
                             .plugin_dirs = settings_.plugin_dirs,
                             .plugin = kDefaultPlugin,
                             .driver_dir = settings_.driver_dir};
}

void SessionManager::warm_up() {
    workers_.prepare();
}

void SessionManager::shut_down(std::uint64_t patience_ns, std::function<void()> done) {
    closing_ = true;
    workers_.close();
    if (sessions_.empty()) {
        done();
        return;
    }
    all_gone_ = std::move(done);
    for (const auto& [token, region] : attachable_) {
        // A file outlives the service, and its next life gives it to others.
        region->keep_pages = region->path.empty();
    }
    for (auto& [id, entry] : sessions_) {
        if (is_last(entry.session->state())) {
            stop(*entry.session);  // Nobody is left to ask about it.
            continue;
        }
        // One that cannot be drained now is stopped with the rest.
        static_cast<void>(entry.session->drain().ok());
    }
    loop_.after(patience_ns, [this] { stop_all(); });
}

void SessionManager::stop_all() {
    std::vector<std::uint64_t> ids;
    for (const auto& [id, entry] : sessions_) {
        ids.push_back(id);
    }
    for (const std::uint64_t id : ids) {
        stop(*sessions_.at(id).session);
    }
}

}  // namespace mrda::service
