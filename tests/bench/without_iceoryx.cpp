// SPDX-License-Identifier: MIT
// Stands for iceoryx_peer.cpp in a build that has no iceoryx.
#include "peer.h"

namespace mrda::bench {

namespace {

Result<Contestant> start(const Peer& /*peer*/, const Ground& /*ground*/) {
    return make_error(Errc::unsupported,
                      "built without iceoryx; install libiceoryx-posh-dev and configure again");
}

}  // namespace

const Peer kIceoryx{.name = "iceoryx", .start = start, .client = nullptr, .server = nullptr};

}  // namespace mrda::bench
