// SPDX-License-Identifier: MIT
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "mrda/interop/frame_layout.h"
#include "mrda/media/session.h"

namespace mrda::media {

inline constexpr std::int64_t kTicksPerFrame = 3000;  // 30 frames a second.

/// An I420 picture without padding.
struct Yuv {
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::vector<std::uint8_t> bytes;

    bool operator==(const Yuv&) const = default;
};

/// Gradients of all three components that move with `number`.
Yuv moving_picture(std::uint32_t width_px, std::uint32_t height_px, std::int64_t number);
/// A picture whose components are ramps: at any size it is known what it should look like.
Yuv ramp(std::uint32_t width_px, std::uint32_t height_px);
/// Turned clockwise, then mirrored: "none", "horizontal" (left to right) or "vertical".
Yuv oriented(const Yuv& picture, std::uint32_t degrees, const std::string& mirror);
/// Over all planes, in dB.
double psnr(const Yuv& one, const Yuv& other);

/// Buffers of one layout, each an allocation of its own that ends where its frame ends.
class Frames {
  public:
    Frames(std::uint32_t drm_fourcc, std::uint32_t width_px, std::uint32_t height_px,
           std::uint32_t count);
    explicit Frames(const mrda_media_layout& layout, std::uint32_t count = 1);

    [[nodiscard]] mrda_pool pool() const;
    [[nodiscard]] mrda_frame frame(std::uint32_t index) const;
    void put(std::uint32_t index, const Yuv& picture);
    [[nodiscard]] Yuv get(std::uint32_t index) const;

  private:
    void allocate(std::uint32_t count);
    /// Where each sample of an I420 picture lies in the buffer, in the picture's order.
    [[nodiscard]] std::vector<std::size_t> offsets() const;

    FrameLayout layout_;
    mrda_media_layout media_layout_;
    std::vector<std::vector<std::uint8_t>> memory_;
    std::vector<mrda_buffer> buffers_;
    std::vector<const mrda_buffer*> list_;
};

struct Packet {
    std::vector<std::uint8_t> bytes;
    std::int64_t pts = 0;
    bool key_frame = false;

    [[nodiscard]] mrda_media_packet view() const;
};

struct Decoded {
    std::int64_t pts = 0;
    bool key_frame = false;
    Yuv picture;
};

/// A stream that ffmpeg encoded from its test source: 24 pictures.
struct Stream {
    std::vector<Packet> packets;
    std::vector<Yuv> pictures;
};
/// `arguments`: "-c:v libx264 -bf 2". `format`: ffmpeg's pixel format.
Stream ffmpeg_stream(const std::string& arguments, const std::string& size = "160x96",
                     const std::string& format = "yuv420p");

/// An encoder's configuration with `input` as its frames: 160x96, constant quality.
mrda_session_config encoder_config(const std::string& codec, const Frames& input);
mrda_session_config decoder_config(const std::string& codec);

Result<Session> try_open(const std::string& plugin, mrda_session_type type,
                         const mrda_session_config& config);
/// Ends the test, as skipped, where this build has no such plugin.
#define MRDA_NEED_PLUGIN(name)                                               \
    if (!LoadedPlugin::load(MRDA_PLUGIN_DIR, name).ok()) {                   \
        GTEST_SKIP() << "plugin " << (name) << " is left out of this build"; \
    }

/// Sends moving pictures number 0 to `count` - 1, those key frames that `is_key` says; takes every
/// packet, then drains.
std::vector<Packet> encode(Session& session, Frames& input, std::int64_t count,
                           const std::function<bool(std::int64_t)>& is_key = nullptr);
/// Sends the packets and takes every picture, then drains.
std::vector<Decoded> decode(Session& session, const std::vector<Packet>& packets);
/// The picture that waits, if one does.
Result<Status> receive_picture(Session& session, std::vector<Decoded>& into);

template <typename T>
void expect_error(const Result<T>& done, Errc code, const std::string& named) {
    ASSERT_FALSE(done.ok()) << named;
    EXPECT_EQ(done.error().code, code) << done.error().message;
    EXPECT_THAT(done.error().message, testing::HasSubstr(named));
}

}  // namespace mrda::media
