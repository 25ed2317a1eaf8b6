// SPDX-License-Identifier: MIT
// A filter, a scaler and an encoder of any plugins, one behind the other. Frames lie in one bank of
// one device, which no processor need reach, and are handed on in place; what had to be copied, and
// why, is told.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>

#include <drm_fourcc.h>

#include "mrda/interop/exit_code.h"
#include "mrda/media/pipeline.h"
#include "options.h"
#include "report.h"

namespace media_pipeline {
namespace {

using mrda::FrameLayout;
using mrda::Result;
using mrda::media::Context;
using mrda::media::ContextOptions;
using mrda::media::Frame;
using mrda::media::Pipeline;
using mrda::media::StageProperties;
using mrda::media::Status;

constexpr std::int64_t kTicksPerFrame = 3000;  // 30 frames a second.
constexpr std::uint32_t kFrames = 8;           // Between two stages: an encoder keeps some.
constexpr std::uint64_t kPatienceNs = 20'000'000'000;

Result<ContextOptions> context_options(const Options& options) {
    ContextOptions wanted;
    wanted.plugin_folders = options.plugin_folders;
    wanted.device_plugins = options.device_plugins;
    if (wanted.plugin_folders.empty()) {
        MRDA_ASSIGN(const std::string drivers, mrda::software_driver_dir());
        wanted.plugin_folders.push_back(drivers + "/plugins");
    }
    return wanted;
}

StageProperties transform(mrda_session_type type, const std::string& plugin,
                          const FrameLayout& output) {
    StageProperties stage;
    stage.type = type;
    stage.plugin = plugin;
    stage.outputs = {output};
    stage.frames = kFrames;
    return stage;
}

StageProperties encoder(const Options& options) {
    StageProperties stage;
    stage.type = MRDA_SESSION_ENCODER;
    stage.plugin = options.encoder;
    stage.frames = kFrames;
    mrda::media::copy_text(stage.codec.codec, options.codec);
    stage.codec.width_px = options.to_width_px;
    stage.codec.height_px = options.to_height_px;
    stage.codec.fps_num = 30;
    stage.codec.fps_den = 1;
    stage.codec.rate_control = MRDA_RATE_CQP;
    stage.codec.qp = 28;
    stage.codec.gop_size = 60;
    stage.codec.gop_ref_dist = 1;
    stage.codec.num_ref_frames = 1;
    stage.codec.target_usage = 7;
    stage.codec.async_depth = 2;
    return stage;
}

/// A gradient that moves, in the frame's own layout.
Result<void> draw(const Frame& frame, std::uint64_t number) {
    std::vector<std::byte> bytes(frame.buffer->size_bytes());
    const mrda_media_layout& layout = frame.layout;
    for (std::uint32_t y = 0; y < layout.height_px; ++y) {
        std::byte* const row = bytes.data() + layout.planes[0].offset_bytes +
                               std::uint64_t{y} * layout.planes[0].pitch_bytes;
        for (std::uint32_t x = 0; x < layout.width_px; ++x) {
            row[x] = static_cast<std::byte>((x + y + 4 * number) & 0xffU);
        }
    }
    for (std::uint32_t y = 0; y < layout.height_px / 2; ++y) {
        std::byte* const row = bytes.data() + layout.planes[1].offset_bytes +
                               std::uint64_t{y} * layout.planes[1].pitch_bytes;
        std::fill_n(row, layout.width_px, static_cast<std::byte>(96 + (y + number) % 64));
    }
    return frame.buffer->write(0, bytes);
}

/// Until the pipeline takes no more, or all are sent.
Result<void> feed(Pipeline& pipeline, const Options& options, std::uint64_t& sent) {
    while (sent < options.frames) {
        auto frame = pipeline.input_frame();
        if (!frame) {
            return {};
        }
        MRDA_TRY(draw(*frame, sent));
        frame->pts = static_cast<std::int64_t>(sent) * kTicksPerFrame;
        MRDA_ASSIGN(const bool taken, pipeline.send(*frame));
        if (!taken) {
            return {};
        }
        if (++sent == options.frames) {
            return pipeline.drain();
        }
    }
    return {};
}

Result<void> run(const Options& options) {
    MRDA_ASSIGN(const auto platform, mrda::choose_platform(options.platform, std::nullopt));
    if (!platform.notice.empty()) {
        std::fprintf(stderr, "%s\n", platform.notice.c_str());
    }
    MRDA_ASSIGN(const ContextOptions wanted, context_options(options));
    MRDA_ASSIGN(const auto context, Context::open(wanted));
    for (const std::string& note : context->notes()) {
        std::fprintf(stderr, "%s\n", note.c_str());
    }
    MRDA_ASSIGN(const auto in,
                FrameLayout::linear(DRM_FORMAT_NV12, options.width_px, options.height_px));
    MRDA_ASSIGN(const auto out,
                FrameLayout::linear(DRM_FORMAT_NV12, options.to_width_px, options.to_height_px));
    std::vector<StageProperties> stages{transform(MRDA_SESSION_FILTER, options.filter, in),
                                        transform(MRDA_SESSION_SCALER, options.scaler, out),
                                        encoder(options)};
    stages[0].input = in;
    MRDA_ASSIGN(const auto pipeline,
                Pipeline::open(*context, std::move(stages), options.device, options.bank));
    Trace trace;
    if (!options.trace.empty()) {
        pipeline->trace([&trace](const auto& event) { trace.add(event); });
    }
    std::ofstream file;
    if (!options.output.empty() && (file.open(options.output, std::ios::binary), !file)) {
        return mrda::os_error("open", errno, "cannot write " + options.output);
    }
    std::uint64_t sent = 0;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    for (;;) {
        MRDA_TRY(feed(*pipeline, options, sent));
        MRDA_ASSIGN(const auto received, pipeline->receive(kPatienceNs));
        if (received.status == Status::end_of_stream) {
            break;
        }
        if (received.status == Status::try_again) {
            return mrda::make_error(mrda::Errc::timeout, "no packet came within 20 s");
        }
        if (received.status == Status::ok) {
            ++packets;
            bytes += received.data.length_bytes;
            file.write(static_cast<const char*>(received.data.buffer->view().pages),
                       static_cast<std::streamsize>(received.data.length_bytes));
        }
    }
    if (!options.output.empty() && (file.close(), !file)) {
        return mrda::os_error("write", errno, "cannot write " + options.output);
    }
    print_report(*pipeline, packets, bytes, options.json);
    return options.trace.empty() ? Result<void>() : trace.write(options.trace);
}

}  // namespace
}  // namespace media_pipeline

int main(int argc, char** argv) {
    int exit_code = 0;
    const auto options = media_pipeline::parse_options(argc, argv, exit_code);
    if (!options) {
        return exit_code;
    }
    const auto done = media_pipeline::run(*options);
    if (!done.ok()) {
        std::fprintf(stderr, "media_pipeline: %s\n", to_string(done.error()).c_str());
        return mrda::exit_code_of(done.error().code);
    }
    return 0;
}
