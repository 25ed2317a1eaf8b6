// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "exchange.h"
#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::bench {

/// One end of the socket between mrda-bench and a half of a peer. For one thread at a time.
class Control {
  public:
    explicit Control(Fd socket) : socket_(std::move(socket)) {}
    static Result<std::pair<Control, Fd>> make();

    // The parent's end. Errors: timeout, io (the child is gone), or what the child says.
    Result<void> ask(const Exchange& exchange);
    Result<TimesNs> answer(std::uint64_t timeout_ns);

    // The child's end. Nothing: the parent wants no more.
    Result<std::optional<Exchange>> next_exchange();
    Result<void> reply(const Result<TimesNs>& times);

    void close() { socket_.reset(); }

  private:
    Result<void> send(std::span<const std::byte> bytes);
    /// How many came before the other end closed.
    Result<std::size_t> receive(std::span<std::byte> bytes, std::uint64_t deadline_ns);
    Result<void> receive_all(std::span<std::byte> bytes, std::uint64_t deadline_ns);

    Fd socket_;
};

}  // namespace mrda::bench
