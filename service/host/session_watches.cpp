// SPDX-License-Identifier: MIT
#include "session_watches.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace mrda::service {

namespace {

/// Of one session; its guest needs one, and another while it changes connections.
constexpr std::ptrdiff_t kMaxWatches = 8;

}  // namespace

Result<std::uint64_t> SessionWatches::add(const Session& session, SessionWatcher watcher) {
    const auto watched = std::count_if(
        watches_.begin(), watches_.end(),
        [&session](const auto& watch) { return watch.second.session == session.id(); });
    if (watched >= kMaxWatches) {
        return make_error(Errc::exhausted, "session " + std::to_string(session.id()) +
                                               " is watched by " + std::to_string(watched) +
                                               " calls; end one");
    }
    const bool last = is_last(session.state());
    watcher(session.status(), last);
    const std::uint64_t watch = next_++;
    if (!last) {
        watches_.emplace(watch, Watch{session.id(), std::move(watcher)});
    }
    return watch;
}

void SessionWatches::tell(const Session& session) {
    // Copies: a watcher may remove itself, or another.
    std::vector<SessionWatcher> told;
    for (const auto& [id, watch] : watches_) {
        if (watch.session == session.id()) {
            told.push_back(watch.watcher);
        }
    }
    if (told.empty()) {
        return;
    }
    const bool last = is_last(session.state());
    if (last) {
        std::erase_if(watches_,
                      [&](const auto& watch) { return watch.second.session == session.id(); });
    }
    const v1::SessionStatus status = session.status();
    for (const SessionWatcher& watcher : told) {
        watcher(status, last);
    }
}

}  // namespace mrda::service
