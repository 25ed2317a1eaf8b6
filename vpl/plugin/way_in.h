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

/// How a frame gets from its buffer into a surface that the encoder reads. Its source's Config
/// outlives it.
class WayIn {
  public:
    virtual ~WayIn() = default;

    /// Whether surface i is buffer i: then that is busy as long as its surface. Else it is free
    /// as soon as its frame was submitted.
    [[nodiscard]] virtual bool in_place() const { return false; }
    /// Brings the frame in buffer `frame` into `surface`, the encoder's number `index`, which is
    /// free. The Sync says when it is there. Errors: what the device says.
    virtual Result<Sync> bring(std::uint32_t frame, std::size_t index,
                               const vaapi::Surface& surface) = 0;
    [[nodiscard]] virtual std::uint64_t cpu_copied_bytes() const { return 0; }
};

/// A way, with the surfaces for the encoder that goes with it.
struct MadeWay {
    std::unique_ptr<WayIn> way;
    std::vector<vaapi::Surface> surfaces;
    std::string remark;  ///< What its surfaces are of, where that is worth telling; why no better.
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

/// Errors: unsupported (a buffer that no processor can reach).
Result<void> require_pages(const Config& config);
/// Where frame `index` begins in this process.
inline std::byte* frame_pages(const Config& config, std::uint32_t index) {
    return static_cast<std::byte*>(config.buffers[index]->pages);
}

}  // namespace mrda::vpl::plugin
