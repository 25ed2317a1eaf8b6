// SPDX-License-Identifier: MIT
// Frames between MRDA and FFmpeg, without a copy: USM becomes an AVFrame that libavutil reads, and
// a surface of libavutil's becomes USM. av_drm_frame.h is what a program of one's own would take.
extern "C" {
#include <libavutil/log.h>
}

#include <CLI/CLI.hpp>
#include <cstdint>
#include <initializer_list>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include "mrda/interop/exit_code.h"
#include "mrda/interop/platform.h"
#include "mrda/vaapi/drm_node.h"
#include "round_trip.h"

namespace ffmpeg_frame {
namespace {

struct Options {
    std::string platform = "auto";
    std::string format = "NV12";
    std::uint32_t width_px = 1280;
    std::uint32_t height_px = 720;
    std::string layers = "separate";
    std::string reader = "va";
    std::string direction = "both";
};

enum class Direction : std::uint8_t { both, to_ffmpeg, from_ffmpeg };

template <typename Value>
mrda::Result<Value> choose(const std::string& option, const std::string& word,
                           std::initializer_list<std::pair<std::string_view, Value>> choices) {
    std::string known;
    for (const auto& [name, value] : choices) {
        if (word == name) {
            return value;
        }
        known += (known.empty() ? "" : ", ") + std::string(name);
    }
    return mrda::make_error(mrda::Errc::invalid_argument,
                            option + " \"" + word + "\": choose one of " + known);
}

mrda::Result<void> run(const Options& options) {
    MRDA_ASSIGN(const auto request, mrda::parse_platform(options.platform));
    MRDA_ASSIGN(const auto* format, mrda::find_pixel_format(options.format));
    MRDA_ASSIGN(const auto layout,
                mrda::FrameLayout::linear(format->drm_fourcc, options.width_px, options.height_px));
    MRDA_ASSIGN(const Layers layers,
                choose<Layers>("layers", options.layers,
                               {{"separate", Layers::separate}, {"composed", Layers::composed}}));
    MRDA_ASSIGN(const Reader reader,
                choose<Reader>("read", options.reader, {{"va", Reader::va}, {"cpu", Reader::cpu}}));
    MRDA_ASSIGN(const Direction direction, choose<Direction>("direction", options.direction,
                                                             {{"both", Direction::both},
                                                              {"to", Direction::to_ffmpeg},
                                                              {"from", Direction::from_ffmpeg}}));

    MRDA_ASSIGN(const auto choice, mrda::choose_platform(request, {}));
    if (!choice.notice.empty()) {
        std::cerr << "ffmpeg_frame: " << choice.notice << '\n';
    }
    const bool software = choice.platform == mrda::Platform::software;
    mrda::vaapi::RenderNode node;
    if (!software) {
        MRDA_ASSIGN(node, mrda::vaapi::default_render_node());
    }
    MRDA_ASSIGN(const auto context,
                software ? mrda::l0::Context::open(0) : mrda::l0::Context::open(node.pci));
    MRDA_ASSIGN(const auto display, software ? mrda::vaapi::Display::open_software()
                                             : mrda::vaapi::Display::open(node));
    MRDA_ASSIGN(const AvDevices devices, open_av_devices(display));
    std::cout << "devices      " << context.info().name << "; " << display.vendor() << '\n';
    if (direction != Direction::from_ffmpeg) {
        MRDA_ASSIGN(const std::string given,
                    give_to_ffmpeg(context, devices, layout, layers, reader));
        std::cout << "to FFmpeg    " << given << '\n';
    }
    if (direction != Direction::to_ffmpeg) {
        MRDA_ASSIGN(const std::string taken, take_from_ffmpeg(context, devices, layout));
        std::cout << "from FFmpeg  " << taken << '\n';
    }
    return {};
}

}  // namespace
}  // namespace ffmpeg_frame

int main(int argc, char** argv) {
    CLI::App app{
        "Makes an AVFrame of USM and lets libavutil read it; makes USM of an AVFrame and lets\n"
        "Level Zero read it. No pixel is copied on the way, and every byte is compared.\n"
        "Level Zero cannot read tiled surfaces, which Intel's GPUs have: that is exit code 4, "
        "unless\n--direction to leaves it out."};
    ffmpeg_frame::Options options;
    app.add_option("--platform", options.platform, "auto, gpu or software")->capture_default_str();
    app.add_option("--format", options.format, "NV12, P010, BGRA, RGBA, BGRX, RGBX, I420 or YUY2")
        ->capture_default_str();
    app.add_option("--width", options.width_px, "of the picture, in pixels")->capture_default_str();
    app.add_option("--height", options.height_px, "of the picture, in pixels")
        ->capture_default_str();
    app.add_option("--layers", options.layers,
                   "separate: a layer for each plane; composed: one for all")
        ->capture_default_str();
    app.add_option("--read", options.reader,
                   "va: libavutil reads through the VA driver; cpu: itself")
        ->capture_default_str();
    app.add_option("--direction", options.direction,
                   "to: USM to FFmpeg; from: a surface of FFmpeg's to USM; both")
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : mrda::kExitUsage;
    }
    av_log_set_level(AV_LOG_ERROR);
    const auto done = ffmpeg_frame::run(options);
    if (!done.ok()) {
        std::cerr << "ffmpeg_frame: " << mrda::to_string(done.error()) << '\n';
    }
    return done.ok() ? 0 : mrda::exit_code_of(done.error().code);
}
