// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "exchange.h"
#include "process.h"

namespace mrda::bench {

struct Peer;

enum class Figure : std::uint8_t { p50, p99 };

/// What must hold for ours in one bout.
struct Goal {
    std::string name;
    Figure figure;
    double most;                               ///< Of ours / peer.
    std::optional<std::size_t> own_bout = {};  ///< Against ours in that bout, not against the peer.
};

struct Bout {
    Exchange exchange;
    std::vector<Goal> goals;
};

/// Bouts that the same two contestants do in turn.
struct Group {
    const Peer* ours;
    const Peer* peer;
    Core client_core;
    Core server_core;
    std::vector<Bout> bouts;
};

std::vector<Group> all_groups();

}  // namespace mrda::bench
