// SPDX-License-Identifier: MIT
#include "options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "mrda/interop/exit_code.h"
#include "mrda/interop/frame_layout.h"
#include "report.h"

namespace usm_to_va {

namespace {

/// The words of the command line, before they mean anything.
struct Words {
    std::string platform = "auto";
    std::string device;
    std::string format = "NV12";
    std::string import_route = "auto";
    std::string usm = "auto";
    std::string proof = "device";
};

mrda::Result<std::optional<mrda::Route>> parse_route(const std::string& text) {
    if (text == "auto") {
        return std::optional<mrda::Route>();
    }
    for (const auto route :
         {mrda::Route::prime_2, mrda::Route::prime, mrda::Route::user_ptr, mrda::Route::map}) {
        if (text == mrda::to_string(route)) {
            return std::optional(route);
        }
    }
    return mrda::make_error(mrda::Errc::invalid_argument,
                            "import \"" + text + "\": choose auto, prime2, prime, userptr or map");
}

mrda::Result<mrda::l0::UsmKind> parse_usm(const std::string& text,
                                          std::optional<mrda::Route> route) {
    using mrda::l0::UsmKind;
    if (text == "auto") {
        // A user pointer needs pages that the host can see, and so does a CPU that copies.
        return route == mrda::Route::user_ptr || route == mrda::Route::map ? UsmKind::host
                                                                           : UsmKind::device;
    }
    for (const auto kind : {UsmKind::device, UsmKind::host, UsmKind::shared}) {
        if (text == mrda::l0::to_string(kind)) {
            return kind;
        }
    }
    return mrda::make_error(mrda::Errc::invalid_argument,
                            "usm \"" + text + "\": choose auto, device, host or shared");
}

mrda::Result<mrda::vpl::Codec> codec_of(const std::string& path) {
    const std::size_t dot = path.rfind('.');
    const std::string ending = dot == std::string::npos ? "" : path.substr(dot + 1);
    if (ending == "264") {
        return mrda::vpl::Codec::avc;
    }
    if (ending == "265") {
        return mrda::vpl::Codec::hevc;
    }
    if (ending == "obu") {
        return mrda::vpl::Codec::av1;
    }
    auto codec = mrda::vpl::parse_codec(ending);
    if (!codec) {
        return mrda::make_error(
            mrda::Errc::unsupported,
            "the codec follows from the output's ending, and \"" + path +
                "\" ends in none of .h264, .264, .h265, .265, .hevc, .av1, .obu");
    }
    return codec;
}

mrda::Result<Options> interpret(const Words& words, Options options) {
    MRDA_ASSIGN(options.platform, mrda::parse_platform(words.platform));
    if (!words.device.empty()) {
        MRDA_ASSIGN(options.device, mrda::parse_pci_address(words.device));
    }
    MRDA_ASSIGN(const mrda::PixelFormat* format, mrda::find_pixel_format(words.format));
    options.drm_fourcc = format->drm_fourcc;
    MRDA_TRY(mrda::FrameLayout::linear(options.drm_fourcc, options.width_px, options.height_px));
    MRDA_ASSIGN(options.import_route, parse_route(words.import_route));
    MRDA_ASSIGN(options.usm, parse_usm(words.usm, options.import_route));
    options.proof = words.proof == "cpu" ? Proof::cpu : Proof::device;
    if (options.proof == Proof::cpu && (options.import_route == mrda::Route::user_ptr)) {
        return mrda::make_error(
            mrda::Errc::invalid_argument,
            "--proof cpu looks through a DMA-BUF, and --import userptr has none");
    }
    if (!options.output.empty()) {
        MRDA_ASSIGN(options.codec, codec_of(options.output));
    } else if (!options.input.empty()) {
        return mrda::make_error(mrda::Errc::invalid_argument,
                                "--input " + options.input +
                                    " is what to encode: say where to, with --encode OUT.h264");
    }
    return options;
}

/// Programs that asked for JSON get their answer there too.
ParsedOptions refuse(const mrda::Error& error, bool as_json, const std::string& report_path) {
    Report report(as_json, report_path);
    report.failed(error);
    static_cast<void>(report.finish());  // The first mistake is the one to tell.
    return {std::nullopt, mrda::exit_code_of(error.code)};
}

}  // namespace

ParsedOptions parse_options(int argc, char** argv) {
    CLI::App app{
        "Allocates USM with Level Zero, exports it as a DMA-BUF, imports that as a VA surface, "
        "proves\n"
        "that both are the same memory, and encodes it with oneVPL: no pixel is copied by a CPU."};
    Words words;
    Options options;
    app.add_option("--platform", words.platform, "auto, gpu or software")->capture_default_str();
    app.add_option("--device", words.device, "PCI address of the GPU: 0000:03:00.0");
    app.add_option("--format", words.format, "NV12, P010, BGRA, RGBA, BGRX, RGBX, I420 or YUY2")
        ->capture_default_str();
    app.add_option("--width", options.width_px, "of the picture, in pixels")->capture_default_str();
    app.add_option("--height", options.height_px, "of the picture, in pixels")
        ->capture_default_str();
    app.add_option("--import", words.import_route,
                   "auto, prime2, prime, userptr, or map: let the CPU copy")
        ->capture_default_str();
    app.add_option("--usm", words.usm, "auto, device, host or shared")->capture_default_str();
    app.add_option("--proof", words.proof,
                   "device or cpu: who touches the USM to show that it is the surface's memory")
        ->check(CLI::IsMember({"device", "cpu"}))
        ->capture_default_str();
    app.add_option("--encode", options.output, "OUT.h264, OUT.h265 or OUT.av1");
    app.add_option("-i,--input", options.input,
                   "raw frames for --encode; without it, a moving pattern");
    app.add_option("--frames", options.frames,
                   "how many; 0: all of the input, or 60 of the pattern")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    app.add_option("--qp", options.qp, "constant quantiser, in the codec's scale")
        ->capture_default_str();
    app.add_option("--bitrate", options.bitrate_kbps, "kbit/s, variable; instead of --qp");
    app.add_option("--fps", options.fps, "frames per second")->capture_default_str();
    app.add_option("--gop", options.gop_size, "frames from one IDR to the next")
        ->capture_default_str();
    app.add_option("--gop-ref-dist", options.gop_ref_dist, "1: no B frames")->capture_default_str();
    app.add_option("--async-depth", options.async_depth, "operations in flight; 1: no delay")
        ->capture_default_str();
    app.add_option("--target-usage", options.target_usage, "1 best quality ... 7 best speed")
        ->capture_default_str();
    app.add_flag("--json", options.json, "one JSON object instead of text");
    app.add_option("--report", options.report, "a file for the JSON object, beside the text");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return {std::nullopt, app.exit(help)};
    } catch (const CLI::ParseError& error) {
        // The options may not have been read as far as this one.
        const bool as_json =
            std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
        const std::string message = std::string(error.what()) + " (--help lists the options)";
        return refuse(mrda::make_error(mrda::Errc::invalid_argument, message), as_json, "");
    }
    auto interpreted = interpret(words, options);
    if (!interpreted) {
        return refuse(interpreted.error(), options.json, options.report);
    }
    return {std::move(*interpreted), 0};
}

}  // namespace usm_to_va
