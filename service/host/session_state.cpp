// SPDX-License-Identifier: MIT
#include "session_state.h"

#include <array>

namespace mrda::service {

namespace {

using S = SessionState;
using E = SessionEvent;

struct Row {
    S state;
    E event;
    S next;
};

constexpr std::array<Row, 19> kTable{{
    {S::initialised, E::worker_ready, S::running},
    {S::initialised, E::stop_asked, S::stopped},
    {S::initialised, E::error, S::failed},

    {S::running, E::drain_asked, S::draining},
    {S::running, E::reset_asked, S::reset},
    {S::running, E::stop_asked, S::stopped},
    {S::running, E::error, S::failed},

    // A guest that has sent its last frame may begin anew.
    {S::draining, E::drain_asked, S::draining},
    {S::draining, E::reset_asked, S::reset},
    {S::draining, E::stop_asked, S::stopped},
    {S::draining, E::error, S::failed},

    {S::reset, E::reset_done, S::running},
    {S::reset, E::reset_asked, S::reset},
    {S::reset, E::stop_asked, S::stopped},
    {S::reset, E::error, S::failed},

    {S::stopped, E::stop_asked, S::stopped},
    {S::failed, E::stop_asked, S::stopped},
    {S::stopped, E::error, S::stopped},
    {S::failed, E::error, S::failed},
}};

}  // namespace

Transition follow(SessionState state, SessionEvent event) {
    for (const Row& row : kTable) {
        if (row.state == state && row.event == event) {
            return {true, row.next};
        }
    }
    return {};
}

std::string_view to_string(SessionState state) {
    constexpr std::array<std::string_view, 6> kNames{"initialised", "running", "draining",
                                                     "stopped",     "reset",   "failed"};
    return kNames[static_cast<std::size_t>(state)];
}

}  // namespace mrda::service
