// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>
#include <string>

#include "contestant.h"
#include "exchange.h"
#include "mrda/interop/result.h"

namespace mrda::bench {

/// The half of a peer that begins each round trip. For one thread.
class Client {
  public:
    virtual ~Client() = default;
    virtual Result<void> begin(const Exchange& exchange) = 0;
    /// Gets memory ready to be sent: not timed.
    virtual Result<void> prepare(std::uint64_t number) = 0;
    /// Timed: from a frame that lies in its memory, to the answer.
    virtual Result<void> round_trip() = 0;
    /// Checks the answer and gives everything back: not timed.
    virtual Result<void> finish() = 0;
    virtual Result<void> end() = 0;
};

/// The half that answers.
class Server {
  public:
    virtual ~Server() = default;
    /// Answers every round trip of `exchange`, the warm-up too; or lets other threads do so.
    virtual Result<void> serve(const Exchange& exchange) = 0;
};

/// One way to carry frames between processes. Each half is made in a process of its own; `meeting`
/// is what start() said of where they meet.
struct Peer {
    const char* name;
    /// Errors: unsupported, not_found (the build or the machine has it not): its rows are skipped.
    Result<Contestant> (*start)(const Peer& peer, const Ground& ground);
    Result<std::unique_ptr<Client>> (*client)(const std::string& meeting);
    Result<std::unique_ptr<Server>> (*server)(const std::string& meeting);
};

extern const Peer kMrda;     ///< Guest library, service and worker.
extern const Peer kChannel;  ///< ivshmem::Channel alone.
extern const Peer kEventfd;
extern const Peer kIceoryx;
extern const Peer kGrpc;

/// The main function of a half, whose name is as half_name() has it. Returns an exit code.
int run_half(const std::string& name, const std::string& meeting);

}  // namespace mrda::bench
