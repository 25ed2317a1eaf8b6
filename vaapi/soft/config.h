// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace mrda::va_soft {

/// A VAConfig: always VAProfileNone with VAEntrypointVideoProc, the one pair that the driver has.
struct Config {
    std::uint32_t rt_formats = 0;
};

}  // namespace mrda::va_soft
