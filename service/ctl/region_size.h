// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "mrda/interop/result.h"

namespace mrda::ctl {

/// How much shared memory a session takes.
struct RegionSize {
    std::string layout;  ///< Of one frame, for people.
    std::uint64_t slot_bytes = 0;
    std::uint64_t input_bytes = 0;   ///< Control pages, rings and input slots.
    std::uint64_t output_bytes = 0;  ///< Output slots, a quarter larger.
    std::uint64_t region_bytes = 0;  ///< Both, rounded up to a power of two: what a PCI BAR needs.
};

/// `size` is "1920x1080", `format` as GStreamer writes it ("NV12"), `frames` the slots in each
/// direction. Errors: invalid_argument, unsupported.
Result<RegionSize> region_size(const std::string& size, const std::string& format,
                               std::uint32_t frames);

}  // namespace mrda::ctl
