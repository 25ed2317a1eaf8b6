// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/media/buffer.h"
#include "mrda/media/plugin.h"

namespace mrda::media {

/// What goes with a frame beside its pixels.
struct SideData {
    std::uint32_t kind = MRDA_SIDE_CUSTOM;  ///< MRDA_SIDE_*: what `bytes` are.
    std::vector<std::byte> bytes;
};

/// A picture in a buffer. A value whose copies share the memory: the buffer is free, or goes back
/// to its pool, with the last of them. Whoever writes the buffer writes all of them.
struct Frame {
    std::shared_ptr<const Buffer> buffer;
    mrda_media_layout layout{};  ///< From the buffer's first byte.
    std::int64_t pts = 0;        ///< 90 kHz.
    bool key_frame = false;
    std::shared_ptr<const std::vector<SideData>> side_data;  ///< May be null.
};

/// A part of a bitstream in a buffer. A value whose copies share the memory, too.
struct Data {
    std::shared_ptr<const Buffer> buffer;
    std::uint64_t offset_bytes = 0;  ///< Within the buffer.
    std::uint64_t length_bytes = 0;
    std::int64_t pts = 0;  ///< 90 kHz.
    std::int64_t dts = 0;
    bool key_frame = false;
};

/// Errors: invalid_argument (the buffer is too small).
Result<Frame> frame_of(std::shared_ptr<const Buffer> buffer, const FrameLayout& layout);
/// Errors: invalid_argument (not within the buffer).
Result<Data> data_of(std::shared_ptr<const Buffer> buffer, std::uint64_t offset_bytes,
                     std::uint64_t length_bytes);
/// In memory of this process alone, with what `bytes` are now.
Data data_of(std::span<const std::byte> bytes);

/// Copies the picture row by row, as the layouts say: the bytes that were copied. Errors:
/// invalid_argument (another size or format, or no linear one), what a buffer's device says.
Result<std::uint64_t> copy_picture(const Frame& from, const Frame& to);

}  // namespace mrda::media
