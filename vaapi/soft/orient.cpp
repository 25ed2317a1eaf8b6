// SPDX-License-Identifier: MIT
#include "orient.h"

#include <cstring>

namespace mrda::va_soft {

namespace {

/// Where the target's first sample lies in the source plane, and how far it is from there to the
/// sample to its right and below it.
struct Walk {
    std::ptrdiff_t origin_bytes;
    std::ptrdiff_t right_bytes;
    std::ptrdiff_t down_bytes;
};

/// Through a plane of `width` samples and `height` rows.
Walk walk_of(std::ptrdiff_t width, std::ptrdiff_t height, std::ptrdiff_t sample_bytes,
             std::ptrdiff_t pitch_bytes, const Orientation& orientation) {
    const std::ptrdiff_t last_sample = (width - 1) * sample_bytes;
    const std::ptrdiff_t last_row = (height - 1) * pitch_bytes;
    const Walk turned[4] = {{0, sample_bytes, pitch_bytes},
                            {last_row, -pitch_bytes, sample_bytes},
                            {last_row + last_sample, -sample_bytes, -pitch_bytes},
                            {last_sample, pitch_bytes, -sample_bytes}};
    Walk walk = turned[orientation.quarters % 4];
    if (orientation.left_to_right) {
        walk.origin_bytes += ((orientation.is_sideways() ? height : width) - 1) * walk.right_bytes;
        walk.right_bytes = -walk.right_bytes;
    }
    if (orientation.top_to_bottom) {
        walk.origin_bytes += ((orientation.is_sideways() ? width : height) - 1) * walk.down_bytes;
        walk.down_bytes = -walk.down_bytes;
    }
    return walk;
}

template <std::size_t sample_bytes>
void copy_along(const std::uint8_t* source, const Walk& walk, std::uint8_t* target,
                std::uint32_t pitch_bytes, std::uint32_t width, std::uint32_t height) {
    const std::uint8_t* row = source + walk.origin_bytes;
    for (std::uint32_t y = 0; y < height; ++y, row += walk.down_bytes) {
        std::uint8_t* to = target + std::size_t{y} * pitch_bytes;
        const std::uint8_t* from = row;
        for (std::uint32_t x = 0; x < width; ++x, from += walk.right_bytes, to += sample_bytes) {
            std::memcpy(to, from, sample_bytes);
        }
    }
}

}  // namespace

void orient(const FrameView& source, const FrameView& target, const Orientation& orientation) {
    for (std::uint32_t plane = 0; plane < source.format->plane_count; ++plane) {
        const PlaneFormat& grid = source.format->planes[plane];
        const auto samples = [&](const FrameView& view) {
            return grid.row_bytes(view.width_px) / grid.sample_bytes;
        };
        const Walk walk = walk_of(samples(source), grid.rows(source.height_px), grid.sample_bytes,
                                  source.pitch_bytes[plane], orientation);
        const auto copy = grid.sample_bytes == 1   ? copy_along<1>
                          : grid.sample_bytes == 2 ? copy_along<2>
                                                   : copy_along<4>;
        copy(source.data[plane], walk, target.data[plane], target.pitch_bytes[plane],
             samples(target), grid.rows(target.height_px));
    }
}

bool can_orient(const PixelFormat& format) {
    return format.plane_count > 1 || format.align_x() == 1;
}

}  // namespace mrda::va_soft
