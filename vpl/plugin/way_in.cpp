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

Result<void> require_pages(const Config& config) {
    for (const mrda_buffer* const buffer : config.buffers) {
        if (buffer->pages == nullptr) {
            return make_error(Errc::unsupported, "the memory is out of the processor's reach");
        }
    }
    return {};
}

}  // namespace mrda::vpl::plugin
