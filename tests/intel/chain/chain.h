// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "mrda/interop/pci_address.h"
#include "mrda/interop/result.h"
#include "mrda/vpl/codec.h"

namespace mrda::intel {

struct ChainOptions {
    std::optional<PciAddress> device;  ///< Nothing: the first that this user may open.
    vpl::Codec codec = vpl::Codec::avc;
    std::uint32_t width_px = 1920;
    std::uint32_t height_px = 1080;
    std::uint64_t frames = 60;
};

struct ChainFigures {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
};

/// USM, exported as DMA-BUFs, imported as surfaces, encoded; everything made for it is gone when
/// this returns. No pixel is written, so that nothing but the drivers touches the frames.
Result<ChainFigures> run_chain(const ChainOptions& options);

}  // namespace mrda::intel
