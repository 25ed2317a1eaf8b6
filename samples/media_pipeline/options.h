// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mrda/interop/platform.h"

namespace media_pipeline {

struct Options {
    mrda::PlatformRequest platform = mrda::PlatformRequest::automatic;
    std::uint32_t width_px = 1920;
    std::uint32_t height_px = 1080;
    std::uint32_t to_width_px = 1280;
    std::uint32_t to_height_px = 720;
    std::uint64_t frames = 60;
    std::string filter;
    std::string scaler;
    std::string encoder;
    std::string codec;
    std::vector<std::string> device_plugins;
    std::int32_t device = -1;
    std::int32_t bank = -1;
    std::vector<std::string> plugin_folders;
    std::string output;  ///< The bitstream's file; empty: none.
    std::string trace;   ///< The trace's file; empty: none.
    bool json = false;
};

/// The options, or nothing and what to exit with.
std::optional<Options> parse_options(int argc, char** argv, int& exit_code);

}  // namespace media_pipeline
