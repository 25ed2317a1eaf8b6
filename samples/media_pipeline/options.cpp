// SPDX-License-Identifier: MIT
#include "options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "mrda/interop/exit_code.h"
#include "mrda/interop/frame_layout.h"

namespace media_pipeline {

namespace {

/// "1920x1080".
bool parse_size(const std::string& text, std::uint32_t& width_px, std::uint32_t& height_px) {
    char end = 0;
    return std::sscanf(text.c_str(), "%5ux%5u%c", &width_px, &height_px, &end) == 2;
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv, int& exit_code) {
    Options options;
    std::string platform = "auto";
    std::string from = "1920x1080";
    std::string to = "1280x720";
    CLI::App app("A filter, a scaler and an encoder, whose frames are handed on in place.");
    app.add_option("--platform", platform, "auto, gpu or software")->capture_default_str();
    app.add_option("--size", from, "of the frames that go in")->capture_default_str();
    app.add_option("--to", to, "of the frames that are encoded")->capture_default_str();
    app.add_option("--frames", options.frames, "how many")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32U))
        ->capture_default_str();
    app.add_option("--filter", options.filter, "plugin")->default_val("va");
    app.add_option("--scaler", options.scaler, "plugin")->default_val("va");
    app.add_option("--encoder", options.encoder, "plugin")->default_val("vpl");
    app.add_option("--codec", options.codec, "avc, hevc, av1, vp9, ...")->default_val("avc");
    app.add_option("--device-plugin", options.device_plugins,
                   "plugin whose devices are wanted beside device 0, the machine itself");
    app.add_option("--device", options.device, "device; -1: the first one")
        ->check(CLI::Range(-1, 1024))
        ->capture_default_str();
    app.add_option("--bank", options.bank, "memory bank; -1: one that all work with")
        ->check(CLI::Range(-1, 1024))
        ->capture_default_str();
    app.add_option("--plugin-dir", options.plugin_folders, "where plugins are");
    app.add_option("--output", options.output, "file for the bitstream");
    app.add_option("--trace", options.trace, "file for a trace of every call, in JSON");
    app.add_flag("--json", options.json, "the report as JSON");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        exit_code = app.exit(problem) == 0 ? 0 : mrda::kExitUsage;
        return std::nullopt;
    }
    const auto wanted = mrda::parse_platform(platform);
    if (!wanted.ok() || !parse_size(from, options.width_px, options.height_px) ||
        !parse_size(to, options.to_width_px, options.to_height_px)) {
        std::fprintf(stderr, "media_pipeline: %s\n",
                     wanted.ok() ? "sizes are WIDTHxHEIGHT, as 1920x1080"
                                 : to_string(wanted.error()).c_str());
        exit_code = mrda::kExitUsage;
        return std::nullopt;
    }
    options.platform = *wanted;
    return options;
}

}  // namespace media_pipeline
