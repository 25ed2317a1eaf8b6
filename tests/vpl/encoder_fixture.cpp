// SPDX-License-Identifier: MIT
#include "encoder_fixture.h"

#include <drm_fourcc.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "support/platform.h"

namespace mrda::vpl::test {

namespace {

constexpr std::chrono::seconds kPatience{60};

std::uint32_t round_up(std::uint32_t value) {
    return (value + 15) / 16 * 16;
}

}  // namespace

EncoderConfig EncoderTest::small_config(Codec codec) {
    EncoderConfig config;
    config.codec = codec;
    config.width_px = kWidthPx;
    config.height_px = kHeightPx;
    config.qp = codec == Codec::av1 ? 100 : 26;
    config.target_usage = 7;
    return config;
}

void EncoderTest::require(const EncoderConfig& config) {
    if (mrda::test::platform() == Platform::software) {
        return;
    }
    const auto needed = Encoder::needed_surfaces(display(), config, DRM_FORMAT_NV12);
    if (!needed.ok() &&
        (needed.error().code == Errc::not_found || needed.error().code == Errc::unsupported)) {
        GTEST_SKIP() << to_string(needed.error());
    }
}

void EncoderTest::require(Codec codec) {
    if (codec != Codec::avc) {
        require(small_config(codec));
    }
}

Result<std::unique_ptr<Encoder>> EncoderTest::try_create(const EncoderConfig& config,
                                                         std::uint32_t drm_fourcc,
                                                         std::optional<std::size_t> count) {
    constexpr std::size_t kPlenty = 8;  // For a configuration that is to be refused.
    if (!count) {
        const auto needed = Encoder::needed_surfaces(display(), config, drm_fourcc);
        count = needed.ok() ? *needed : kPlenty;
    }
    frames_.push_back(import_frames(context(), display(), drm_fourcc, round_up(config.width_px),
                                    round_up(config.height_px), *count));
    depth_ = config.async_depth;
    return Encoder::create(display(), config, std::move(frames_.back().surfaces));
}

std::unique_ptr<Encoder> EncoderTest::create(const EncoderConfig& config, std::size_t extra) {
    const auto needed = Encoder::needed_surfaces(display(), config, DRM_FORMAT_NV12);
    auto created = needed.ok() ? try_create(config, DRM_FORMAT_NV12, *needed + extra)
                               : Result<std::unique_ptr<Encoder>>(needed.error());
    if (!created) {
        std::cerr << "no encoder: " << to_string(created.error()) << '\n';
        std::abort();
    }
    return std::move(*created);
}

void EncoderTest::submit(Encoder& encoder, std::size_t index, std::int64_t number,
                         PictureKind kind) {
    draw(context(), frames_.back(), index, static_cast<std::uint64_t>(number));
    const auto taken =
        encoder.submit(index, number * kFrameTicks, Sync::idle(), kWaitForever, kind);
    EXPECT_TRUE(taken.ok()) << "picture " << number << ": " << to_string(taken.error());
}

bool EncoderTest::receive(Encoder& encoder, std::vector<Coded>& coded) {
    const auto received = encoder.receive();
    if (!received) {
        ADD_FAILURE() << to_string(received.error());
        return false;
    }
    if (received->status != Received::Status::packet) {
        return false;
    }
    const Packet& packet = received->packet;
    coded.push_back({packet.pts, packet.dts, packet.data.size(), packet.key_frame});
    return true;
}

std::vector<Coded> EncoderTest::encode(Encoder& encoder, std::size_t count) {
    std::vector<Coded> coded;
    for (std::size_t number = 0; number < count; ++number) {
        submit(encoder, wait_for_free_surface(encoder), static_cast<std::int64_t>(number));
        most_in_flight_ = std::max(most_in_flight_, encoder.in_flight());
        while (encoder.in_flight() == depth_ && receive(encoder, coded)) {
        }
    }
    for (const Coded& packet : drain(encoder)) {
        coded.push_back(packet);
    }
    return coded;
}

std::vector<Coded> EncoderTest::drain(Encoder& encoder) {
    std::vector<Coded> coded;
    encoder.drain();
    while (receive(encoder, coded)) {
    }
    const auto last = encoder.receive();
    EXPECT_TRUE(last.ok() && last->status == Received::Status::end_of_stream);
    return coded;
}

std::size_t EncoderTest::wait_for_free_surface(const Encoder& encoder) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
        if (const auto free = encoder.free_surface()) {
            return *free;
        }
        std::this_thread::yield();
    }
    ADD_FAILURE() << "the encoder lets go of no surface";
    return 0;
}

}  // namespace mrda::vpl::test
