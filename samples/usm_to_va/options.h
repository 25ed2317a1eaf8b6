// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mrda/interop/path.h"
#include "mrda/interop/pci_address.h"
#include "mrda/interop/platform.h"
#include "mrda/interop/result.h"
#include "mrda/l0/usm.h"
#include "mrda/vpl/codec.h"

namespace usm_to_va {

/// Who writes and reads the USM's side when it is shown that both sides are one memory.
enum class Proof : std::uint8_t {
    device,  ///< The device's engines.
    cpu,     ///< A CPU, through the DMA-BUF's own mapping: the engines have no part in it.
};

/// What the command line says, checked as far as it can be without a device.
struct Options {
    mrda::PlatformRequest platform = mrda::PlatformRequest::automatic;
    std::optional<mrda::PciAddress> device;
    std::uint32_t drm_fourcc = 0;
    std::uint32_t width_px = 1280;
    std::uint32_t height_px = 720;
    std::optional<mrda::Route>
        import_route;  ///< Nothing: the best that works, with map as the last.
    mrda::l0::UsmKind usm = mrda::l0::UsmKind::device;
    Proof proof = Proof::device;
    std::string input;   ///< Raw frames; "": a moving pattern.
    std::string output;  ///< "": no encoding.
    mrda::vpl::Codec codec = mrda::vpl::Codec::avc;
    std::uint64_t frames = 0;  ///< 0: all of the input, or 60 of the pattern.
    std::uint16_t qp = 22;
    std::uint32_t bitrate_kbps = 0;  ///< 0: constant QP.
    std::uint32_t fps = 30;
    std::uint16_t gop_size = 60;
    std::uint16_t gop_ref_dist = 1;
    std::uint16_t async_depth = 4;
    std::uint16_t target_usage = 4;
    bool json = false;
    std::string report;  ///< A file for the JSON object; "": none.
};

/// What main() does next: run with `options`, or leave with `exit_code` (help, or a message, was
/// shown).
struct ParsedOptions {
    std::optional<Options> options;
    int exit_code = 0;
};

ParsedOptions parse_options(int argc, char** argv);

}  // namespace usm_to_va
