// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "doorbell_protocol.h"
#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// A connection to the doorbell holder of a runtime folder. Move-only, for one thread.
class HolderConnection {
  public:
    /// Does not wait. Errors: not_found (no holder runs), busy, and what connect_unix() says.
    static Result<HolderConnection> open(const std::string& runtime_dir);

    struct Answer {
        DoorbellReply reply;
        std::vector<Fd> descriptors;
    };
    /// Waits for the answer. What is said meanwhile is next_event()'s.
    /// Errors: what the holder says; timeout, corrupt, end_of_stream (it is gone).
    Result<Answer> ask(const DoorbellRequest& request, std::uint64_t timeout_ns);

    /// As ask(), but does not wait: the answer is one of next_event()'s.
    [[nodiscard]] Result<void> tell(const DoorbellRequest& request) const;

    /// Can be read when next_event() has something, but not where ask() has read it already.
    [[nodiscard]] int fd() const { return socket_.get(); }
    /// What has happened, in order; nothing: no more. Does not wait. Errors: as ask(), but timeout.
    Result<std::optional<DoorbellReply>> next_event();
    [[nodiscard]] bool has_read_events() const { return !events_.empty(); }
    /// The last call found that the holder cannot be talked to: it is gone, or has lost the thread.
    [[nodiscard]] bool broken() const { return broken_; }

    /// The socket itself, for a process that only holds it.
    [[nodiscard]] Fd release() && { return std::move(socket_); }

  private:
    explicit HolderConnection(Fd socket) : socket_(std::move(socket)) {}

    Result<Answer> receive();
    Result<Answer> next_answer(std::uint64_t end_ns);

    Fd socket_;
    std::deque<DoorbellReply> events_;
    bool broken_ = false;
};

}  // namespace mrda::service
