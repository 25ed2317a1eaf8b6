// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace mrda::service {

/// The life of a session. docs/guides/service.md has the picture.
enum class SessionState : std::uint8_t {
    initialised,  ///< Its memory is there; its worker starts.
    running,      ///< Frames go in, packets come out.
    draining,     ///< No more frames; packets come out.
    stopped,      ///< Last: ended as asked.
    reset,        ///< Frames inside are coming back; running again after that.
    failed,       ///< Last: ended by an error, which is kept.
};

enum class SessionEvent : std::uint8_t {
    worker_ready,
    drain_asked,
    reset_asked,
    reset_done,
    stop_asked,  ///< By its owner, an administrator, or the end of the lease.
    error,       ///< The worker said so, or died.
};

std::string_view to_string(SessionState state);

/// Whether `event` can happen in `state`, and what follows; a table.
struct Transition {
    bool allowed = false;
    SessionState next = SessionState::initialised;
};
Transition follow(SessionState state, SessionEvent event);

inline bool is_last(SessionState state) {
    return state == SessionState::stopped || state == SessionState::failed;
}

}  // namespace mrda::service
