// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <drm_fourcc.h>

#include <string>

#include "mrda/media/stage.h"
#include "units_fixture.h"

namespace mrda::media {

inline FrameLayout nv12(std::uint32_t width_px, std::uint32_t height_px) {
    return FrameLayout::linear(DRM_FORMAT_NV12, width_px, height_px).value();
}

inline StageProperties encoder_of(const std::string& plugin, const std::string& codec) {
    StageProperties properties;
    properties.type = MRDA_SESSION_ENCODER;
    properties.plugin = plugin;
    copy_text(properties.codec.codec, codec);
    return properties;
}

/// A filter or scaler.
inline StageProperties transform_of(mrda_session_type type, const std::string& plugin,
                                    const FrameLayout& output) {
    StageProperties properties;
    properties.type = type;
    properties.plugin = plugin;
    properties.outputs = {output};
    return properties;
}

/// Every byte of the buffer is `value`.
inline void fill(const Frame& frame, std::uint8_t value) {
    const std::vector<std::byte> bytes(frame.buffer->size_bytes(), std::byte{value});
    EXPECT_TRUE(frame.buffer->write(0, bytes).ok());
}

inline std::uint8_t first_byte_of(const Frame& frame) {
    std::array<std::byte, 1> byte{};
    EXPECT_TRUE(frame.buffer->read(0, byte).ok());
    return std::to_integer<std::uint8_t>(byte[0]);
}

}  // namespace mrda::media
