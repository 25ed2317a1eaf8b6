// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "event_loop.h"
#include "unix_listener.h"

namespace mrda::service {

/// Hands regions' descriptors to guests on this kernel: a guest sends a session's attach token as
/// one packet and gets the descriptor, or the connection is closed. Nothing else is read. For the
/// loop's thread.
class RegionSocket {
  public:
    /// The descriptor to hand out for a token, borrowed; -1: none.
    using Find = std::function<int(const std::string& token)>;

    /// Listens on `path`, which is replaced, for this user alone. Errors: io, invalid_argument (a
    /// path too long for a socket).
    static Result<std::unique_ptr<RegionSocket>> listen(EventLoop& loop, const std::string& path,
                                                        Find find);
    ~RegionSocket();
    RegionSocket(const RegionSocket&) = delete;
    RegionSocket& operator=(const RegionSocket&) = delete;

  private:
    struct Peer {
        Fd socket;
        EventLoop::Id watch;
        EventLoop::Id timer;
    };

    RegionSocket(EventLoop& loop, Find find);
    void welcome(Fd socket);
    void serve(std::uint64_t peer);
    /// Sends what the token is for. Errors: not_found, what sending says.
    Result<void> hand_out(int socket, std::string_view token);
    void drop(std::uint64_t peer);

    EventLoop& loop_;
    Find find_;
    std::map<std::uint64_t, Peer> peers_;
    std::uint64_t next_peer_ = 1;
    std::unique_ptr<UnixListener> listener_;
};

}  // namespace mrda::service
