// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "event_loop.h"
#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// A SOCK_SEQPACKET socket of this user's alone, and who connects to it. Where no descriptor is
/// left for them they wait. For the loop's thread.
class UnixListener {
  public:
    /// The socket does not block. May not destroy the listener.
    using Connected = std::function<void(Fd socket)>;

    /// At `path`, which is replaced, and goes with the listener. Errors: as listen_unix().
    static Result<std::unique_ptr<UnixListener>> listen(EventLoop& loop, const std::string& path,
                                                        Connected connected);
    ~UnixListener();
    UnixListener(const UnixListener&) = delete;
    UnixListener& operator=(const UnixListener&) = delete;

  private:
    UnixListener(EventLoop& loop, std::string path, Fd socket, Connected connected)
        : loop_(loop),
          path_(std::move(path)),
          socket_(std::move(socket)),
          connected_(std::move(connected)) {}
    Result<void> resume();
    void accept();
    void pause();

    EventLoop& loop_;
    std::string path_;
    Fd socket_;
    Connected connected_;
    EventLoop::Id watch_ = 0;
    EventLoop::Id retry_ = 0;
};

}  // namespace mrda::service
