// SPDX-License-Identifier: MIT
// Stands for mrda_peer.cpp and grpc_peer.cpp in a build that has no gRPC, and so no service.
#include "peer.h"

namespace mrda::bench {

namespace {

Result<Contestant> start(const Peer& /*peer*/, const Ground& /*ground*/) {
    return make_error(Errc::unsupported,
                      "built without the service; see what configure says it misses");
}

}  // namespace

const Peer kMrda{.name = "mrda", .start = start, .client = nullptr, .server = nullptr};
const Peer kGrpc{.name = "grpc", .start = start, .client = nullptr, .server = nullptr};

}  // namespace mrda::bench
