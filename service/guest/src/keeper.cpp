// SPDX-License-Identifier: MIT
#include "keeper.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "os.h"

namespace mrda::guest::core {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
/// Where the service asks for no renewals, a look now and then.
constexpr std::uint32_t kNoLeaseMs = 60'000;
constexpr std::uint64_t kFirstWatchPauseNs = 20 * kNsPerMs;
constexpr std::uint64_t kLastWatchPauseNs = 60'000 * kNsPerMs;
constexpr std::uint64_t kLongWatchNs = 1'000 * kNsPerMs;

std::chrono::steady_clock::time_point steady(std::uint64_t time_ns) {
    // The clock of os::now_ns() is steady_clock's, but only its differences are promised.
    const std::uint64_t now = os::now_ns();
    return std::chrono::steady_clock::now() +
           std::chrono::nanoseconds(time_ns > now ? time_ns - now : 0);
}

}  // namespace

mrda_guest_status status_of(Errc code) {
    switch (code) {
        case Errc::invalid_argument:
            return MRDA_GUEST_BAD_ARGUMENT;
        case Errc::exhausted:
        case Errc::out_of_memory:
            return MRDA_GUEST_EXHAUSTED;
        case Errc::device_lost:
        case Errc::timeout:
            return MRDA_GUEST_SERVICE_GONE;
        case Errc::permission_denied:
            return MRDA_GUEST_DENIED;
        case Errc::not_found:
            return MRDA_GUEST_NOT_FOUND;
        case Errc::unsupported:
            return MRDA_GUEST_UNSUPPORTED;
        default:
            return MRDA_GUEST_FAILED;
    }
}

Keeper::Keeper(Control& control, v1::CreateRequest request, Reach reach,
               std::uint64_t reattach_timeout_ns, std::function<void()> changed)
    : control_(control),
      request_(std::move(request)),
      reach_(std::move(reach)),
      reattach_timeout_ns_(reattach_timeout_ns),
      changed_(std::move(changed)) {}

Keeper::~Keeper() {
    halt();
    if (thread_.joinable()) {
        thread_.join();
    }
    watch_.reset();
}

void Keeper::start(const Attachment& first) {
    {
        const std::lock_guard lock(mutex_);
        session_id_ = first.session_id;
    }
    schedule(first.lease_ms);
    remember_place(first);
    thread_ = std::thread([this] { run(); });
}

void Keeper::halt() {
    {
        const std::lock_guard lock(mutex_);
        halted_ = true;
    }
    news_.notify_all();
    control_.cancel();
}

bool Keeper::halted() const {
    const std::lock_guard lock(mutex_);
    return halted_;
}

bool Keeper::watching() const {
    const std::lock_guard lock(mutex_);
    return watching_;
}

void Keeper::run() {
    follow();
    std::unique_lock lock(mutex_);
    const auto called = [this] {
        return halted_ || in_doubt_ || reset_wanted_ || link_ == Link::ended;
    };
    for (;;) {
        news_.wait_until(lock, steady(next_renewal_ns_), called);
        if (halted_ || link_ == Link::ended) {
            return;
        }
        const bool due = os::now_ns() >= next_renewal_ns_;
        // One thing at a time: where renewing makes a new session, that needs no reset.
        const bool renews = std::exchange(in_doubt_, false) || due;
        const bool resets = !renews && std::exchange(reset_wanted_, false);
        lock.unlock();
        if (renews) {
            renew(due);
        } else if (resets) {
            reset();
        }
        lock.lock();
    }
}

void Keeper::renew(bool due) {
    const auto renewed =
        control_.renew(session_id(), os::deadline_after(kCallTimeoutNs), Control::Contact::at_once);
    if (!renewed.ok()) {
        static_cast<void>(goes_on(renewed.error()));
        return;
    }
    schedule(renewed->lease_ms());
    if (watching()) {
        return;
    }
    if (due) {
        follow();
    } else {
        look_again_soon();
    }
}

void Keeper::look_again_soon() {
    // A service that ends a watch is about to go, or ends every watch: asked ever less often.
    const std::uint64_t now = os::now_ns();
    const bool was_long = now - followed_ns_ > kLongWatchNs;
    watch_pause_ns_ =
        was_long ? kFirstWatchPauseNs : std::min(2 * watch_pause_ns_, kLastWatchPauseNs);
    const std::lock_guard lock(mutex_);
    next_renewal_ns_ = std::min(next_renewal_ns_, now + watch_pause_ns_);
}

void Keeper::reset() {
    ++resets_asked_;
    const auto reset = control_.reset(session_id(), os::deadline_after(kCallTimeoutNs));
    if (!reset.ok() && goes_on(reset.error())) {
        ask_reset();
    }
}

bool Keeper::goes_on(const Error& error) {
    if (halted()) {
        return false;
    }
    if (may_pass(error) || is_status(error, grpc::StatusCode::NOT_FOUND) ||
        has_other_token(error)) {
        return look_for_service();
    }
    // The session's own end is told by the watch, in better words.
    await_ending(os::deadline_after(kCallTimeoutNs));
    end(ending_status(error), to_string(error));
    return false;
}

void Keeper::follow() {
    watch_.reset();
    {
        const std::lock_guard lock(mutex_);
        if (!can_watch_ || halted_) {
            return;
        }
        watching_ = true;
        in_doubt_ = false;  // The old watch's last word.
    }
    followed_ns_ = os::now_ns();
    try {
        watch_ = std::make_unique<Watch>(
            control_, session_id(), [this](const v1::SessionStatus& status) { heard(status); },
            [this](const Result<void>& ended) { lost_sight(ended); });
    } catch (const std::system_error&) {
        // No thread is left for it; the next renewal tries again.
        const std::lock_guard lock(mutex_);
        watching_ = false;
    }
}

void Keeper::heard(const v1::SessionStatus& status) {
    hear_draining(status);
    if (status.state() == v1::SESSION_STATE_FAILED) {
        end(MRDA_GUEST_FAILED, "the session failed on the host: " + status.failure());
    } else if (status.state() == v1::SESSION_STATE_STOPPED) {
        end(MRDA_GUEST_STOPPED,
            "the session was stopped on the host" +
                (status.failure().empty() ? std::string() : ": " + status.failure()));
    }
}

void Keeper::hear_draining(const v1::SessionStatus& status) {
    const bool draining = status.state() == v1::SESSION_STATE_DRAINING;
    {
        // A service that is about to close tells nobody that its sessions drain.
        const std::lock_guard lock(mutex_);
        draining_id_ = draining ? status.session_id() : 0;
    }
    if (draining) {
        changed_();
    }
}

bool Keeper::draining() const {
    const std::lock_guard lock(mutex_);
    return draining_id_ != 0 && draining_id_ == session_id_;
}

void Keeper::lost_sight(const Result<void>& ended) {
    const bool unknown = !ended.ok() && is_status(ended.error(), grpc::StatusCode::UNIMPLEMENTED);
    {
        const std::lock_guard lock(mutex_);
        watching_ = false;
        can_watch_ = can_watch_ && !unknown;
        in_doubt_ = in_doubt_ || !unknown;
    }
    news_.notify_all();
}

void Keeper::ask_reset() {
    {
        const std::lock_guard lock(mutex_);
        reset_wanted_ = true;
    }
    news_.notify_all();
}

std::optional<Attachment> Keeper::take_returned() {
    const std::lock_guard lock(mutex_);
    std::optional<Attachment> taken;
    taken.swap(returned_);
    if (taken && link_ == Link::returned) {
        link_ = Link::up;  // Unless it has ended meanwhile.
    }
    return taken;
}

Ending Keeper::ending() const {
    const std::lock_guard lock(mutex_);
    return ending_;
}

void Keeper::await_ending(std::uint64_t deadline_ns) {
    std::unique_lock lock(mutex_);
    news_.wait_until(lock, steady(deadline_ns), [this] { return halted_ || link_ == Link::ended; });
}

std::uint64_t Keeper::session_id() const {
    const std::lock_guard lock(mutex_);
    return session_id_;
}

void Keeper::set(Link link) {
    {
        const std::lock_guard lock(mutex_);
        if (link_ == Link::ended) {
            return;
        }
        link_ = link;
    }
    news_.notify_all();
    changed_();
}

void Keeper::end(mrda_guest_status status, std::string words) {
    {
        const std::lock_guard lock(mutex_);
        if (link_ == Link::ended) {
            return;
        }
        ending_ = {status, std::move(words)};
        link_ = Link::ended;
    }
    news_.notify_all();
    changed_();
}

void Keeper::schedule(std::uint32_t lease_ms) {
    const std::uint64_t lease_ns = (lease_ms == 0 ? kNoLeaseMs : lease_ms) * kNsPerMs;
    const std::lock_guard lock(mutex_);
    next_renewal_ns_ = os::now_ns() + std::max(lease_ns / 2, kNsPerMs);
}

bool Keeper::pause(std::uint64_t pause_ns) {
    std::unique_lock lock(mutex_);
    return !news_.wait_until(lock, steady(os::now_ns() + pause_ns), [this] { return halted_; });
}

}  // namespace mrda::guest::core
