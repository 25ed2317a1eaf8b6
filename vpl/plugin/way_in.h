// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config.h"
#include "device.h"
#include "mrda/interop/result.h"
#include "mrda/interop/sync.h"
#include "mrda/vaapi/surface.h"

namespace mrda::vpl::plugin {

/// How a frame gets from its slot into a surface that the encoder reads.
class WayIn {
  public:
    virtual ~WayIn() = default;

    /// Whether surface i is slot i: then a slot is busy as long as its surface. Else a slot is free
    /// as soon as its frame was submitted.
    [[nodiscard]] virtual bool in_place() const { return false; }
    /// Brings the frame of `slot` into `surface`, the encoder's number `index`, which is free. The
    /// Sync says when it is there. Errors: what the device says.
    virtual Result<Sync> bring(std::uint32_t slot, std::size_t index,
                               const vaapi::Surface& surface) = 0;
    [[nodiscard]] virtual std::uint64_t cpu_copied_bytes() const { return 0; }
};

/// A way, with the surfaces for the encoder that goes with it.
struct MadeWay {
    std::unique_ptr<WayIn> way;
    std::vector<vaapi::Surface> surfaces;
    std::string remark;  ///< Why it is not as good as it could be, within itself.
};

/// What ways are made of. `wanted_surfaces` keep the encoder busy.
struct WaySource {
    const Device& device;
    const Config& config;
    std::size_t wanted_surfaces;
};

struct WayRow {
    std::string_view name;
    /// Errors: why not.
    Result<MadeWay> (*make)(const WaySource& source);
};

/// Best first.
std::span<const WayRow> ways();

/// Slots become surfaces: by a DMA-BUF over the region, else by their pages.
Result<MadeWay> make_direct(const WaySource& source);
/// Level Zero copies each frame into USM that is a surface.
Result<MadeWay> make_blit(const WaySource& source);
/// A CPU copies each frame into a surface of the driver's own.
Result<MadeWay> make_map(const WaySource& source);

/// Where slot `index` begins in this process.
inline std::byte* slot_pages(const mrda_media_slots& slots, std::uint32_t index) {
    return static_cast<std::byte*>(slots.pages) + index * slots.slot_bytes;
}

}  // namespace mrda::vpl::plugin
