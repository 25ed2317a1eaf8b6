// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "mrda/interop/fd.h"

namespace mrda::guest::test {

/// Hands out descriptors on a unix socket, as mrda-service does: one packet with a token comes in,
/// one byte goes out, with `count` copies of the descriptor that `find` has for the token.
class AttachServer {
  public:
    using Find = std::function<int(const std::string& token)>;

    AttachServer(const std::string& path, int count, Find find);
    ~AttachServer();
    AttachServer(const AttachServer&) = delete;
    AttachServer& operator=(const AttachServer&) = delete;

  private:
    void serve(int peer) const;

    int count_;
    Find find_;
    Fd socket_;
    std::thread thread_;
};

}  // namespace mrda::guest::test
