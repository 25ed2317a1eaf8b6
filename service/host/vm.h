// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "device_files.h"
#include "doorbell_holder.h"
#include "vm_config.h"

namespace mrda::service {

/// A VM identity. Sessions hold it, so what they use outlives its removal.
struct Vm {
    VmConfig config;
    std::string token;
    std::shared_ptr<DeviceFiles> device_files;  ///< Every VM's.
    DoorbellHolder* holder = nullptr;           ///< Every VM's; null: there is none.
    // Made when the first session needs them.
    std::shared_ptr<SharedRegion> memfd;
    // Its devices, files or the doorbell holder's: the same where one is for both.
    std::shared_ptr<SharedRegion> input;
    std::shared_ptr<SharedRegion> output;
    std::uint32_t sessions = 0;
    std::uint64_t pixels_per_second = 0;
    double create_credit = 0;  ///< Of creates per second, a token bucket.
    std::uint64_t credit_at_ns = 0;
};

}  // namespace mrda::service
