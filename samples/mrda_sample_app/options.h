// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mrda/guest/guest.h"

namespace mrda_sample_app {

/// How the frames of the input lie; the encoder gets yuv420p as NV12.
enum class ColorFormat : std::uint8_t {
    rgb32,    ///< Bytes B, G, R, A in memory: DRM's ARGB8888. The alpha is not encoded.
    yuv420p,  ///< Three planes: Y, U, V.
    nv12,
};

/// What the command line says, checked as far as it can be without the service.
struct Options {
    std::string address;  ///< Empty: the local service.
    std::string input;    ///< Empty: a moving pattern; "-": a pipe.
    std::string output;   ///< Empty: nowhere; "-": a pipe.
    std::string in_device_path;
    std::string out_device_path;
    std::string wake;          ///< As mrda_guest_config has it; empty: the best there is.
    std::uint64_t frames = 0;  ///< 0: until the end; of the pattern, kPatternFrames.
    ColorFormat color = ColorFormat::nv12;
    std::uint32_t drm_fourcc = 0;
    std::uint32_t codec = MRDA_GUEST_AVC;
    std::string codec_name = "avc";  ///< As plugins call it.
    std::string profile;
    std::string plugin;
    std::string decoder;  ///< The plugin that decodes here what comes back; empty: none does.
    std::vector<std::string> plugin_dirs;  ///< For it; empty: MRDA's own.
    std::uint32_t width_px = 1920;
    std::uint32_t height_px = 1080;
    std::uint32_t fps = 30;
    std::uint32_t gop_size = 60;
    std::uint32_t gop_ref_dist = 1;
    std::uint32_t num_ref_frames = 1;
    std::uint32_t async_depth = 4;
    std::uint32_t target_usage = 4;
    bool vbr = false;
    std::uint32_t qp = 22;
    std::uint32_t bitrate_kbps = 0;
    std::uint32_t buffers = 0;  ///< In each direction; 0: the service chooses.
    std::uint64_t buffer_bytes = 0;
    bool json = false;
    std::vector<std::string> notices;  ///< What is done otherwise than the command line says.
};

inline constexpr std::uint64_t kPatternFrames = 300;

/// Either `options`, or what the program exits with: help or a message was shown.
struct ParsedOptions {
    std::optional<Options> options;
    int exit_code = 0;
};
ParsedOptions parse_options(int argc, const char* const* argv);

/// For mrda_guest_create; `options` must outlive it.
mrda_guest_config config_of(const Options& options);

}  // namespace mrda_sample_app
