// SPDX-License-Identifier: MIT
#include "options.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "buffers.h"
#include "codecs.h"
#include "mrda/interop/exit_code.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/version.h"

namespace mrda_sample_app {

namespace {

using mrda::Errc;
using mrda::make_error;
using mrda::Result;

/// The words of the command line, before they mean anything.
struct Words {
    std::string codec = "h264";
    std::string color = "nv12";
    std::string profile;
    std::string target_usage = "balanced";
    std::string rate_control;
    std::string encode_type;
    std::string decode_type;
    std::optional<std::uint32_t> gop_ref_dist;
    std::optional<std::uint32_t> max_b_frames;
    std::optional<std::uint32_t> in_slot_number;
    std::optional<std::uint32_t> out_slot_number;
    BufferWishes buffers;
};

Result<ColorFormat> color_of(const std::string& word) {
    if (word == "rgb32") {
        return ColorFormat::rgb32;
    }
    if (word == "yuv420p") {
        return ColorFormat::yuv420p;
    }
    if (word == "nv12") {
        return ColorFormat::nv12;
    }
    return make_error(Errc::unsupported,
                      "--colorFormat \"" + word + "\": choose rgb32, yuv420p or nv12");
}

Result<std::uint32_t> target_usage_of(const std::string& word) {
    if (word == "quality") {
        return std::uint32_t{1};
    }
    if (word == "balanced") {
        return std::uint32_t{4};
    }
    if (word == "speed") {
        return std::uint32_t{7};
    }
    return make_error(Errc::invalid_argument,
                      "--targetUsage \"" + word + "\": choose quality, balanced or speed");
}

Result<bool> is_vbr(const std::string& word, const Options& options) {
    const bool has_bitrate = options.bitrate_kbps != 0;
    if (word == "1" && !has_bitrate) {
        return make_error(Errc::invalid_argument, "--rcMode 1 needs --bitrate, in kbit/s");
    }
    if (word.empty() || word == "0" || word == "1") {
        return word.empty() ? has_bitrate : word == "1";
    }
    return make_error(Errc::invalid_argument,
                      "--rcMode \"" + word + "\": choose 0 (constant QP) or 1 (variable bitrate)");
}

Result<std::uint32_t> gop_ref_dist_of(const Words& words) {
    const std::uint32_t from_b_frames = words.max_b_frames.value_or(0) + 1;
    if (words.gop_ref_dist && words.max_b_frames && *words.gop_ref_dist != from_b_frames) {
        return make_error(Errc::invalid_argument,
                          "--gopRefDist " + std::to_string(*words.gop_ref_dist) +
                              " and --maxBFrames " + std::to_string(*words.max_b_frames) +
                              " contradict each other: the first is one more than the second");
    }
    return words.gop_ref_dist.value_or(from_b_frames);
}

/// Older programs named the kind of software; here plugins have names.
std::string plugin_of(const std::string& encode_type, std::vector<std::string>& notices) {
    if (encode_type == "oneVPL") {
        return "vpl";
    }
    if (encode_type == "ffmpeg") {
        notices.emplace_back(
            "--encodeType ffmpeg was software encoding; the service's default encoder is used");
        return "";
    }
    return encode_type;
}

/// Empty: nothing is decoded. Errors: invalid_argument (there is nothing to decode).
Result<std::string> decoder_of(const std::string& decode_type, const Codec& codec,
                               std::vector<std::string>& notices) {
    if (decode_type.empty()) {
        return std::string();
    }
    if (codec.codec == MRDA_GUEST_COPY) {
        return make_error(Errc::invalid_argument,
                          "--decodeType with --codecId copy: that makes no pictures");
    }
    if (decode_type == "ffmpeg") {
        notices.emplace_back("--decodeType ffmpeg was software decoding; the plugin " +
                             std::string(codec.decoder) + " is used");
    }
    return decode_type == "auto" || decode_type == "ffmpeg" ? codec.decoder : decode_type;
}

void note_what_is_not_used(const Words& words, Options& options) {
    if (words.in_slot_number || words.out_slot_number) {
        options.notices.emplace_back(
            "--inDevSlotNumber and --outDevSlotNumber are not needed: the service tells where the "
            "memory is");
    }
    if (options.bitrate_kbps != 0 && !options.vbr) {
        options.notices.emplace_back("--bitrate is not used with --rcMode 0");
    }
    if (options.input.empty() && options.frames == 0) {
        options.frames = kPatternFrames;
    }
}

Result<Options> interpret(const Words& words, Options options) {
    MRDA_ASSIGN(const Codec* const codec, find_codec(words.codec));
    options.codec = codec->codec;
    options.codec_name = codec->name;
    MRDA_ASSIGN(options.profile, profile_of(words.profile, *codec));
    MRDA_ASSIGN(options.color, color_of(words.color));
    MRDA_ASSIGN(const mrda::PixelFormat* const format,
                mrda::find_pixel_format(options.color == ColorFormat::rgb32 ? "BGRA" : "NV12"));
    options.drm_fourcc = format->drm_fourcc;
    MRDA_TRY(mrda::FrameLayout::linear(options.drm_fourcc, options.width_px, options.height_px));
    MRDA_ASSIGN(options.target_usage, target_usage_of(words.target_usage));
    MRDA_ASSIGN(options.vbr, is_vbr(words.rate_control, options));
    MRDA_ASSIGN(options.gop_ref_dist, gop_ref_dist_of(words));
    options.plugin = plugin_of(words.encode_type, options.notices);
    MRDA_ASSIGN(options.decoder, decoder_of(words.decode_type, *codec, options.notices));
    MRDA_TRY(plan_buffers(words.buffers, options));
    if (options.json && options.output == "-") {
        return make_error(Errc::invalid_argument,
                          "--json and -o - both want the standard output; name a file");
    }
    note_what_is_not_used(words, options);
    return options;
}

void add_stream_options(CLI::App& app, Words& words, Options& options) {
    app.add_option("--hostSessionAddr", options.address,
                   "HOST:PORT or unix:PATH; without it, $MRDA_ADDRESS, else the local service");
    app.add_option("-i", options.input,
                   "raw frames, or - for a pipe; without it, a moving pattern");
    app.add_option("-o", options.output, "the bitstream, or - for a pipe; without it, nowhere");
    app.add_option("--frameNum", options.frames,
                   "at most so many frames; 0: until the end (of the pattern, 300)")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--width", options.width_px, "in pixels")->capture_default_str();
    app.add_option("--height", options.height_px, "in pixels")->capture_default_str();
    app.add_option("--fps", options.fps, "frames per second")->capture_default_str();
    app.add_option(
           "--colorFormat", words.color,
           "rgb32 (bytes B, G, R, A), yuv420p or nv12; yuv420p is interleaved to NV12 while "
           "it is read, by a CPU")
        ->capture_default_str();
    app.add_flag("--json", options.json, "one JSON object at the end instead of text");
}

void add_codec_options(CLI::App& app, Words& words, Options& options) {
    app.add_option(
           "--codecId", words.codec,
           "h264, avc, h265, hevc, av1, vp9 (written as IVF), or copy: no codec, measures the "
           "transport")
        ->capture_default_str();
    app.add_option("--codecProfile", words.profile,
                   "avc:main, avc:high, hevc:main, hevc:main10, av1:main, av1:high or vp9:0");
    app.add_option("--encodeType", words.encode_type,
                   "oneVPL, ffmpeg (the service's default) or a plugin's name");
    app.add_option("--decodeType", words.decode_type,
                   "decodes here what comes back, by a plugin of this name or auto, and compares "
                   "it with what was sent");
    app.add_option("--pluginDir", options.plugin_dirs,
                   "a folder of plugins for --decodeType, instead of MRDA's own; may be repeated")
        ->allow_extra_args(false);
    app.add_option("--rcMode", words.rate_control,
                   "0 constant QP, 1 variable bitrate; without it, 1 where --bitrate is given");
    app.add_option("--qp", options.qp, "of rcMode 0")->capture_default_str();
    app.add_option("--bitrate", options.bitrate_kbps, "kbit/s, of rcMode 1");
    app.add_option("--targetUsage", words.target_usage, "quality, balanced or speed")
        ->capture_default_str();
    app.add_option("--gopSize", options.gop_size, "frames from one IDR to the next")
        ->capture_default_str();
    app.add_option("--gopRefDist", words.gop_ref_dist, "1: no B frames");
    app.add_option("--maxBFrames", words.max_b_frames, "one less than --gopRefDist")
        ->check(CLI::Range(0, 15));
    app.add_option("--numRefFrame", options.num_ref_frames, "reference frames")
        ->capture_default_str();
    app.add_option("--asyncDepth", options.async_depth, "operations in flight; 1: no delay")
        ->capture_default_str();
}

void add_memory_options(CLI::App& app, Words& words, Options& options) {
    app.add_option("--bufferNum", words.buffers.count, "buffers in each direction");
    app.add_option("--bufferSize", words.buffers.size_bytes, "bytes of each buffer")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--memDevSize", words.buffers.memory_bytes,
                   "bytes of memory in each direction: buffers beyond it are left out")
        ->check(CLI::NonNegativeNumber);
    app.add_option(
        "--inDevPath", options.in_device_path,
        "in a virtual machine, its device: pci:SLOT or pci:REGION (without it, whichever has "
        "the region); else the host's file for frames, as it is configured for this VM");
    app.add_option("--outDevPath", options.out_device_path, "the same for the bitstream");
    app.add_option(
        "--wake", options.wake,
        "in a virtual machine: interrupt, stream or polling; without it, the best there is");
    app.add_option("--inDevSlotNumber", words.in_slot_number,
                   "not needed any more; taken so that older command lines work");
    app.add_option("--outDevSlotNumber", words.out_slot_number, "not needed any more");
}

}  // namespace

ParsedOptions parse_options(int argc, const char* const* argv) {
    CLI::App app{
        "Encodes raw frames on the host, from a guest without a GPU: frames and bitstream travel "
        "in\n"
        "shared memory, and each frame is read straight into it."};
    Words words;
    Options options;
    app.set_version_flag("--version", std::string("mrda_sample_app ") + mrda::version());
    add_stream_options(app, words, options);
    add_codec_options(app, words, options);
    add_memory_options(app, words, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return {std::nullopt, app.exit(error) == 0 ? 0 : mrda::kExitUsage};
    }
    auto interpreted = interpret(words, options);
    if (!interpreted.ok()) {
        std::cerr << "mrda_sample_app: " << to_string(interpreted.error()) << '\n';
        return {std::nullopt, mrda::exit_code_of(interpreted.error().code)};
    }
    return {std::move(*interpreted), 0};
}

mrda_guest_config config_of(const Options& options) {
    const auto text = [](const std::string& value) {
        return value.empty() ? nullptr : value.c_str();
    };
    mrda_guest_config config;
    mrda_guest_config_init(&config);
    config.codec = options.codec;
    config.address = text(options.address);
    config.in_device_path = text(options.in_device_path);
    config.out_device_path = text(options.out_device_path);
    config.wake = text(options.wake);
    config.survive_removal = 1;  // It ends with words, then, and not by a signal.
    config.profile = text(options.profile);
    config.plugin = text(options.plugin);
    config.drm_fourcc = options.drm_fourcc;
    config.width_px = options.width_px;
    config.height_px = options.height_px;
    config.fps_num = options.fps;
    config.vbr = options.vbr ? 1 : 0;
    config.qp = options.qp;
    config.bitrate_kbps = options.bitrate_kbps;
    config.gop_size = options.gop_size;
    config.gop_ref_dist = options.gop_ref_dist;
    config.num_ref_frames = options.num_ref_frames;
    config.target_usage = options.target_usage;
    config.async_depth = options.async_depth;
    config.input_slots = options.buffers;
    config.output_slots = options.buffers;
    config.input_slot_bytes = options.buffer_bytes;
    config.output_slot_bytes = options.buffer_bytes;
    return config;
}

}  // namespace mrda_sample_app
