// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/pci_device.h"

namespace mrda::guest::core {

/// Whether the devices of a session are still there. Holds them: none is closed while memory of it
/// is mapped, as whoever opens it next would have it off for a moment. For one thread at a time.
class RemovalWatch {
  public:
    /// Errors: what PciDevice::removal_events() says, exhausted.
    static Result<std::shared_ptr<RemovalWatch>> make(
        std::vector<std::shared_ptr<ivshmem::PciDevice>> devices);

    /// Can be read when one of them is wanted back, or may be gone: call seen(). Borrowed.
    [[nodiscard]] int events() const { return events_.get(); }
    /// Takes in what events() told, and looks. What was gone once stays so.
    bool seen();
    /// For each of an application's calls, also of one that never sleeps: looks, if that was not
    /// done within the last millisecond, and does not wait. Needs no events, which some containers
    /// do not get.
    bool all_there();

  private:
    RemovalWatch() = default;
    bool look();

    std::vector<std::shared_ptr<ivshmem::PciDevice>> devices_;
    std::vector<Fd> told_;  // By each device.
    Fd events_;             // epoll's, of all these.
    std::uint64_t looked_ns_ = 0;
    bool gone_ = false;
};

}  // namespace mrda::guest::core
