// SPDX-License-Identifier: MIT
// What the framework costs: a device-only frame is sent to the copy plugin's encoder, and its
// packet received, again and again.
//     media_cost PLUGIN_FOLDER [ROUNDS]
// Prints a line for each size of frame: width, height, and the nanoseconds of a send and receive:
// the median of batches, as clocks are coarse.
#include <drm_fourcc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "mrda/media/stage.h"

namespace {

using mrda::FrameLayout;
using mrda::media::Context;
using mrda::media::Frame;
using mrda::media::Stage;
using mrda::media::StageProperties;
using mrda::media::Status;

constexpr int kBatch = 64;

[[noreturn]] void fail(const mrda::Error& error) {
    std::fprintf(stderr, "media_cost: %s\n", to_string(error).c_str());
    std::exit(1);
}

template <typename T>
T need(mrda::Result<T> result) {
    if (!result.ok()) {
        fail(result.error());
    }
    return std::move(*result);
}

void send_and_receive(Stage& stage, const Frame& frame) {
    const bool sent = need(stage.send(frame));
    const auto received = need(stage.receive_data(0));
    if (!sent || received.status != Status::ok) {
        fail(mrda::make_error(mrda::Errc::internal, "a frame gave no packet"));
    }
}

double median_ns(Stage& stage, const Frame& frame, std::size_t rounds) {
    std::vector<double> times;
    times.reserve(rounds);
    for (std::size_t round = 0; round < rounds; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        for (int call = 0; call < kBatch; ++call) {
            send_and_receive(stage, frame);
        }
        const auto end = std::chrono::steady_clock::now();
        times.push_back(std::chrono::duration<double, std::nano>(end - begin).count() / kBatch);
    }
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(rounds / 2),
                     times.end());
    return times[rounds / 2];
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: media_cost PLUGIN_FOLDER [ROUNDS]\n");
        return 2;
    }
    const std::size_t rounds = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2'000;
    if (rounds < 10) {
        std::fprintf(stderr, "media_cost: %zu rounds, of at least 10\n", rounds);
        return 2;
    }
    const auto context = need(Context::open({{argv[1]}, {}, {}}));
    constexpr std::pair<std::uint32_t, std::uint32_t> kSizes[] = {
        {64, 64}, {640, 360}, {1920, 1080}, {3840, 2160}};
    for (const auto& [width_px, height_px] : kSizes) {
        StageProperties properties;
        properties.plugin = "copy";
        mrda::media::copy_text(properties.codec.codec, "copy");
        properties.input = need(FrameLayout::linear(DRM_FORMAT_NV12, width_px, height_px));
        properties.bank = 1;
        const auto stage = need(Stage::open(*context, properties));
        const auto frame = stage->input_frame();
        if (!frame || frame->buffer->view().pages != nullptr) {
            fail(mrda::make_error(mrda::Errc::internal, "the frame is not the device's alone"));
        }
        median_ns(*stage, *frame, rounds / 10);  // Caches and clocks.
        std::printf("%u %u %.1f\n", width_px, height_px, median_ns(*stage, *frame, rounds));
    }
    return 0;
}
