// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "mrda/v1/sessions.pb.h"
#include "session.h"

namespace mrda::service {

/// `last`: nothing more comes.
using SessionWatcher = std::function<void(const v1::SessionStatus&, bool last)>;

/// Who hears what becomes of which session. For the loop's thread.
class SessionWatches {
  public:
    /// The watcher hears the status now, and with each tell(). Errors: exhausted (the session has
    /// as many as it may).
    Result<std::uint64_t> add(const Session& session, SessionWatcher watcher);
    void remove(std::uint64_t watch) { watches_.erase(watch); }
    /// Those of a session in its last state hear it, and are forgotten.
    void tell(const Session& session);

  private:
    struct Watch {
        std::uint64_t session;
        SessionWatcher watcher;
    };

    std::map<std::uint64_t, Watch> watches_;
    std::uint64_t next_ = 1;
};

}  // namespace mrda::service
