// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace mrda::guest::core {

/// What each input slot is used for on this side. For one thread at a time.
class InputPool {
  public:
    enum class Use : std::uint8_t {
        free,
        held,     ///< By the application.
        waiting,  ///< Sent by the application while the service was away.
        host,
    };

    explicit InputPool(std::uint32_t count);

    /// A free slot, which is `held` now; the one that was used last, whose pages are warm.
    std::optional<std::uint32_t> take();
    /// False also for an index that is none.
    [[nodiscard]] bool is(std::uint32_t slot, Use use) const {
        return slot < uses_.size() && uses_[slot] == use;
    }
    void change(std::uint32_t slot, Use to);
    /// What the host had is free.
    void host_is_gone();

    [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(uses_.size()); }

  private:
    std::vector<Use> uses_;
    std::vector<std::uint32_t> free_;
};

}  // namespace mrda::guest::core
