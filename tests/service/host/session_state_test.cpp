// SPDX-License-Identifier: MIT
#include "session_state.h"

#include <gtest/gtest.h>

#include <array>

namespace mrda::service {
namespace {

using S = SessionState;
using E = SessionEvent;

constexpr std::array kStates{S::initialised, S::running, S::draining,
                             S::stopped,     S::reset,   S::failed};
constexpr std::array kEvents{E::worker_ready, E::drain_asked, E::reset_asked,
                             E::reset_done,   E::stop_asked,  E::error};

TEST(SessionState, every_state_can_be_stopped) {
    for (const S state : kStates) {
        EXPECT_TRUE(follow(state, E::stop_asked).allowed) << to_string(state);
        EXPECT_EQ(follow(state, E::stop_asked).next, S::stopped) << to_string(state);
    }
}

TEST(SessionState, nothing_leads_out_of_a_last_state_but_to_stopped) {
    for (const S state : {S::stopped, S::failed}) {
        for (const E event : kEvents) {
            const Transition transition = follow(state, event);
            EXPECT_TRUE(!transition.allowed || is_last(transition.next));
        }
    }
    EXPECT_FALSE(follow(S::stopped, E::worker_ready).allowed);
    EXPECT_EQ(follow(S::stopped, E::error).next, S::stopped) << "a late error changes nothing";
}

TEST(SessionState, the_life_of_a_stream) {
    EXPECT_EQ(follow(S::initialised, E::worker_ready).next, S::running);
    EXPECT_EQ(follow(S::running, E::drain_asked).next, S::draining);
    EXPECT_EQ(follow(S::draining, E::reset_asked).next, S::reset);
    EXPECT_EQ(follow(S::reset, E::reset_done).next, S::running);
    EXPECT_EQ(follow(S::running, E::error).next, S::failed);
}

TEST(SessionState, what_makes_no_sense_is_refused) {
    EXPECT_FALSE(follow(S::initialised, E::drain_asked).allowed);
    EXPECT_FALSE(follow(S::initialised, E::reset_asked).allowed);
    EXPECT_FALSE(follow(S::running, E::reset_done).allowed);
    EXPECT_FALSE(follow(S::reset, E::drain_asked).allowed);
}

}  // namespace
}  // namespace mrda::service
