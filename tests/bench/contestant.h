// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control.h"
#include "exchange.h"
#include "mrda/interop/result.h"
#include "process.h"

namespace mrda::bench {

struct Peer;

/// What all processes of one group have in common.
struct Ground {
    TempFolder folder;
    Core client_core = Core::any;
    Core server_core = Core::any;  ///< Helpers', too.
};

/// One half of a peer, in a child that is this very program.
class Half {
  public:
    enum class Which : std::uint8_t { client, server };

    /// `passed` are the descriptors that it finds from kFirstHalfFd on; borrowed. Waits until it is
    /// ready. Errors: timeout, io, what it says.
    static Result<Half> start(const Peer& peer, Which which, const Ground& ground,
                              const std::string& meeting, const std::vector<int>& passed = {});

    Half(Half&&) noexcept = default;
    Half& operator=(Half&&) = delete;
    Half(const Half&) = delete;
    /// Lets it end by itself, so that it can take its leave of others.
    ~Half();

    Result<void> ask(const Exchange& exchange) { return control_.ask(exchange); }
    Result<TimesNs> answer();

  private:
    Half(Process process, Control control)
        : process_(std::move(process)), control_(std::move(control)) {}

    Process process_;
    Control control_;
};

/// Descriptors that a half gets from start(): its control socket comes before them.
inline constexpr int kFirstHalfFd = kFirstPassedFd + 1;

/// All processes of one peer, ready to do exchanges. Move-only.
class Contestant {
  public:
    Contestant(std::vector<Process> helpers, std::optional<Half> server, Half client)
        : helpers_(std::move(helpers)), server_(std::move(server)), client_(std::move(client)) {}

    /// Errors: what a half says; then no other exchange can follow.
    Result<TimesNs> run(const Exchange& exchange);

  private:
    Result<TimesNs> run_halves(const Exchange& exchange);

    std::vector<Process> helpers_;  // Outlive the halves, which need them.
    std::optional<Half> server_;
    Half client_;
};

/// The common case: a server and a client, and descriptors for both.
Result<Contestant> start_pair(const Peer& peer, const Ground& ground, const std::string& meeting,
                              const std::vector<int>& passed);

/// Of the child that is this half: "eventfd-client".
std::string half_name(const Peer& peer, Half::Which which);

}  // namespace mrda::bench
