// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace mrda::guest::core {

/// What became of the frames: each that was sent is inside until its packet comes, or until it is
/// known that none will. For one thread at a time.
class Tally {
  public:
    enum Fate : std::uint8_t { encoded, discarded, lost, failed, kFates };

    /// The cookie for the next frame, never 0.
    std::uint64_t send(std::uint64_t now_ns) {
        const std::uint64_t cookie = ++sent_;
        times_[cookie % times_.size()] = {cookie, now_ns};
        return cookie;
    }
    /// When that frame was sent; 0: not known, or too long ago.
    [[nodiscard]] std::uint64_t sent_at_ns(std::uint64_t cookie) const {
        const Sent& found = times_[cookie % times_.size()];
        return found.cookie == cookie ? found.time_ns : 0;
    }

    /// `count` frames more have this fate; a host may claim more than are inside.
    void settle(Fate fate, std::uint64_t count) {
        count = std::min(count, inside_);
        inside_ -= count;
        settled_[fate] += count;
    }
    /// Packets of encoded frames are gone before anybody had them.
    void take_back_encoded(std::uint64_t count) {
        count = std::min(count, settled_[encoded]);
        settled_[encoded] -= count;
        inside_ += count;
    }
    /// A frame goes in: now, or when the service is there again.
    void enter() { ++inside_; }
    /// It was never looked at, and waits again.
    void leave() { inside_ -= inside_ > 0 ? 1 : 0; }

    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    [[nodiscard]] std::uint64_t inside() const { return inside_; }
    [[nodiscard]] std::uint64_t settled(Fate fate) const { return settled_[fate]; }

  private:
    struct Sent {
        std::uint64_t cookie = 0;
        std::uint64_t time_ns = 0;
    };

    std::uint64_t sent_ = 0;
    std::uint64_t inside_ = 0;
    std::array<std::uint64_t, kFates> settled_{};
    std::array<Sent, 2048> times_{};
};

}  // namespace mrda::guest::core
