// SPDX-License-Identifier: MIT
#include "way_in.h"

#include <array>

namespace mrda::vpl::plugin {

std::span<const WayRow> ways() {
    static constexpr std::array kWays{
        WayRow{"direct", make_direct},
        WayRow{"blit", make_blit},
        WayRow{"map", make_map},
    };
    return kWays;
}

}  // namespace mrda::vpl::plugin
