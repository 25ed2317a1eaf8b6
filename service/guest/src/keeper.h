// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "attach.h"
#include "control.h"
#include "mrda/guest/guest.h"
#include "watch.h"

namespace mrda::guest::core {

/// How the session stands with the service.
enum class Link : std::uint8_t {
    up,
    away,      ///< No answer; whether the session lives is not known.
    returned,  ///< The service has made a new session in its place: adopt it.
    ended,     ///< For good.
};

/// Why a session ended.
struct Ending {
    mrda_guest_status status = MRDA_GUEST_FAILED;
    std::string words;
};

/// Keeps one session alive from a thread of its own: renews its lease, hears of its end, and when
/// the service goes away waits for it and has the session made again. Calls are for any thread.
class Keeper {
  public:
    /// `changed` is called, on other threads, whenever link() has changed, or draining() is true.
    Keeper(Control& control, v1::CreateRequest request, Reach reach,
           std::uint64_t reattach_timeout_ns, std::function<void()> changed);
    ~Keeper();
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    void start(const Attachment& first);
    /// Ends what it does, soon; does not wait for that.
    void halt();

    [[nodiscard]] Link link() const { return link_; }
    /// The service has told that the session drains: because somebody asked for it, or behind the
    /// end of its stream. A service that is about to close has it drained, too, and says nothing.
    [[nodiscard]] bool draining() const;
    /// What was made anew, once; link() is `up` then. Nothing: the service is gone again.
    std::optional<Attachment> take_returned();
    /// For the session that ended.
    [[nodiscard]] Ending ending() const;
    /// Has the session reset; a session that is made anew meanwhile needs none. Does not wait.
    void ask_reset();
    /// How often the service may have been asked so far.
    [[nodiscard]] std::uint64_t resets_asked() const { return resets_asked_; }
    [[nodiscard]] std::uint64_t session_id() const;

  private:
    void run();
    /// Renews. `due`: the lease wants it, and not doubt alone.
    void renew(bool due);
    void look_again_soon();
    void reset();
    /// After a call that failed: waits for a service that is away, or ends everything. True: the
    /// session is the same as before.
    bool goes_on(const Error& error);
    /// Waits, at most until `deadline_ns`, for the session's end to be told.
    void await_ending(std::uint64_t deadline_ns);
    bool look_for_service();
    /// One attempt. True: settled, for good or ill.
    bool try_to_return(std::uint64_t deadline_ns, Error& last);
    bool has_other_token(const Error& refusal);
    Result<Attachment> make_again(std::uint64_t deadline_ns);
    void follow();
    void heard(const v1::SessionStatus& status);
    void hear_draining(const v1::SessionStatus& status);
    void lost_sight(const Result<void>& ended);
    void set(Link link);
    void end(mrda_guest_status status, std::string words);
    void schedule(std::uint32_t lease_ms);
    [[nodiscard]] bool halted() const;
    [[nodiscard]] bool watching() const;
    /// False: halted.
    bool pause(std::uint64_t pause_ns);

    /// Where a new session shall lie: in memory that outlives the service, where this one did. What
    /// the application still writes there is nobody else's then.
    void remember_place(const Attachment& attachment);

    Control& control_;
    const v1::CreateRequest request_;
    const Reach reach_;
    const std::uint64_t reattach_timeout_ns_;
    const std::function<void()> changed_;

    std::atomic<Link> link_ = Link::up;
    std::atomic<std::uint64_t> resets_asked_ = 0;
    mutable std::mutex mutex_;
    std::condition_variable news_;
    // Under mutex_.
    std::uint64_t session_id_ = 0;
    std::uint64_t next_renewal_ns_ = 0;
    bool in_doubt_ = false;
    bool reset_wanted_ = false;
    bool halted_ = false;
    Ending ending_;
    std::optional<Attachment> returned_;
    bool watching_ = false;
    bool can_watch_ = true;
    std::uint64_t draining_id_ = 0;  // Of a session; 0: none drains.
    // The thread's own, from start() on.
    std::optional<std::uint64_t> in_offset_bytes_;
    std::optional<std::uint64_t> out_offset_bytes_;
    std::unique_ptr<Watch> watch_;
    std::uint64_t followed_ns_ = 0;
    std::uint64_t watch_pause_ns_ = 10'000'000;
    std::thread thread_;
};

/// What an Error is to callers of the C API, and what it is as the end of a session.
mrda_guest_status status_of(Errc code);
mrda_guest_status ending_status(const Error& error);
bool is_status(const Error& error, grpc::StatusCode code);
/// Whether another attempt may fare better.
bool may_pass(const Error& error);

}  // namespace mrda::guest::core
