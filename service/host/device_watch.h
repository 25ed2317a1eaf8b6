// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mrda/interop/result.h"

namespace mrda::service {

/// What mrda-probe says of one GPU. Counters, so that two readings make a load.
struct DeviceReading {
    std::string pci_address;
    std::string name;
    struct Engine {
        std::uint64_t active_us = 0;
        std::uint64_t timestamp_us = 0;
    };
    std::vector<Engine> engines;  ///< Empty: the driver does not say.
};

/// Out of mrda-probe's JSON: devices that have a PCI address. A device whose load failed is there
/// without engines. Errors: corrupt; not_found (Level Zero found none: its words).
Result<std::vector<DeviceReading>> parse_devices(std::string_view probe_output);

/// Runs `probe_program` once, in a process of its own, and waits for it at most 20 s.
Result<std::vector<DeviceReading>> probe_devices(const std::string& probe_program);

/// From 0 to 1, of the busiest engine between two readings; negative: not known.
double load_between(const DeviceReading& before, const DeviceReading& now);

/// Asks again and again, on a thread of its own: drivers can take their time.
class DeviceWatch {
  public:
    using Seen = std::function<void(Result<std::vector<DeviceReading>>)>;

    /// `seen` is called on that thread, every `period_ns`.
    DeviceWatch(std::string probe_program, std::uint64_t period_ns, Seen seen);
    ~DeviceWatch();
    DeviceWatch(const DeviceWatch&) = delete;
    DeviceWatch& operator=(const DeviceWatch&) = delete;

  private:
    void run(const std::string& probe_program, std::uint64_t period_ns, const Seen& seen);

    std::mutex mutex_;
    std::condition_variable ended_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace mrda::service
