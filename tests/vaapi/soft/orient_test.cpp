// SPDX-License-Identifier: MIT
#include <array>
#include <functional>
#include <tuple>

#include "video_proc_display.h"

namespace mrda::va_soft {
namespace {

constexpr unsigned kWidth = 40;
constexpr unsigned kHeight = 24;
constexpr std::uint32_t kMirrors[] = {VA_MIRROR_NONE, VA_MIRROR_HORIZONTAL, VA_MIRROR_VERTICAL,
                                      VA_MIRROR_HORIZONTAL | VA_MIRROR_VERTICAL};

struct Point {
    unsigned x, y;
};

/// Where the pixel of an oriented picture of `width` x `height` comes from: what va_vpp.h says.
Point source_of(Point at, unsigned width, unsigned height, std::uint32_t rotation,
                std::uint32_t mirror) {
    if ((mirror & VA_MIRROR_HORIZONTAL) != 0) {
        at.x = width - 1 - at.x;
    }
    if ((mirror & VA_MIRROR_VERTICAL) != 0) {
        at.y = height - 1 - at.y;
    }
    switch (rotation) {
        case VA_ROTATION_90:
            return {at.y, width - 1 - at.x};
        case VA_ROTATION_180:
            return {width - 1 - at.x, height - 1 - at.y};
        case VA_ROTATION_270:
            return {height - 1 - at.y, at.x};
        default:
            return at;
    }
}

std::uint8_t byte_at(unsigned x, unsigned y, unsigned byte) {
    return static_cast<std::uint8_t>(5 * x + 11 * y + 101 * byte + 1);
}

class SoftOrient : public VideoProcDisplay {
  protected:
    struct Plane {
        unsigned sample_bytes, width, height;
    };
    static std::vector<Plane> planes_of(std::uint32_t fourcc, unsigned width, unsigned height) {
        switch (fourcc) {
            case VA_FOURCC_NV12:
                return {{1, width, height}, {2, width / 2, height / 2}};
            case VA_FOURCC_P010:
                return {{2, width, height}, {4, width / 2, height / 2}};
            case VA_FOURCC_I420:
                return {{1, width, height}, {1, width / 2, height / 2}, {1, width / 2, height / 2}};
            default:
                return {{4, width, height}};
        }
    }
    using Visit = std::function<void(std::uint8_t& byte, const Plane&, Point, unsigned)>;
    void visit(VASurfaceID surface, std::uint32_t fourcc, unsigned width, unsigned height,
               const Visit& call) {
        VAImage image{};
        std::uint8_t* const data = map(surface, image);
        const auto planes = planes_of(fourcc, width, height);
        for (std::size_t i = 0; i < planes.size(); ++i) {
            const Plane& plane = planes[i];
            for (unsigned y = 0; y < plane.height; ++y) {
                std::uint8_t* const row = data + image.offsets[i] + y * image.pitches[i];
                for (unsigned x = 0; x < plane.width * plane.sample_bytes; ++x) {
                    call(row[x], plane, {x / plane.sample_bytes, y}, x % plane.sample_bytes);
                }
            }
        }
        unmap(image);
    }
};

TEST_F(SoftOrient, every_rotation_and_mirror_puts_each_sample_where_va_says) {
    for (const std::uint32_t fourcc :
         {VA_FOURCC_NV12, VA_FOURCC_P010, VA_FOURCC_I420, VA_FOURCC_BGRA}) {
        const VASurfaceID source = create(fourcc, kWidth, kHeight);
        visit(source, fourcc, kWidth, kHeight,
              [](std::uint8_t& byte, const Plane&, Point at, unsigned of_sample) {
                  byte = byte_at(at.x, at.y, of_sample);
              });
        for (std::uint32_t rotation = VA_ROTATION_NONE; rotation <= VA_ROTATION_270; ++rotation) {
            for (const std::uint32_t mirror : kMirrors) {
                const bool sideways = rotation % 2 != 0;
                const unsigned width = sideways ? kHeight : kWidth;
                const unsigned height = sideways ? kWidth : kHeight;
                const VASurfaceID target = create(fourcc, width, height);
                VAProcPipelineParameterBuffer parameters{};
                parameters.surface = source;
                parameters.rotation_state = rotation;
                parameters.mirror_state = mirror;
                ASSERT_EQ(process(target, parameters), VA_STATUS_SUCCESS);
                unsigned wrong = 0;
                visit(target, fourcc, width, height,
                      [&](std::uint8_t& byte, const Plane& plane, Point at, unsigned of_sample) {
                          const Point from =
                              source_of(at, plane.width, plane.height, rotation, mirror);
                          wrong += byte == byte_at(from.x, from.y, of_sample) ? 0 : 1;
                      });
                EXPECT_EQ(wrong, 0U) << fourcc << " turned " << rotation << " mirrored " << mirror;
            }
        }
    }
}

TEST_F(SoftOrient, a_picture_is_turned_before_it_is_scaled_and_converted) {
    const VASurfaceID source = create(VA_FOURCC_BGRA, 64, 32);
    VAImage image{};
    std::uint8_t* data = map(source, image);
    for (unsigned y = 0; y < 32; ++y) {
        for (unsigned x = 0; x < 4 * 64; ++x) {
            data[y * image.pitches[0] + x] = x < 4 * 32 ? 40 : 200;  // Left dark, right light.
        }
    }
    unmap(image);
    const VASurfaceID target = create(VA_FOURCC_NV12, 128, 256);
    VAProcPipelineParameterBuffer parameters{};
    parameters.surface = source;
    parameters.rotation_state = VA_ROTATION_90;
    ASSERT_EQ(process(target, parameters), VA_STATUS_SUCCESS);
    data = map(target, image);
    EXPECT_LT(data[20 * image.pitches[0] + 64], 80);  // What was left is above.
    EXPECT_GT(data[236 * image.pitches[0] + 64], 150);
    unmap(image);
}

TEST_F(SoftOrient, yuy2_whose_pixels_share_chroma_is_mirrored_too) {
    const VASurfaceID source = create(VA_FOURCC_YUY2, 64, 32);
    VAImage image{};
    std::uint8_t* data = map(source, image);
    for (unsigned y = 0; y < 32; ++y) {
        for (unsigned x = 0; x < 64; ++x) {
            data[y * image.pitches[0] + 2 * x] = static_cast<std::uint8_t>(16 + 3 * x);
            data[y * image.pitches[0] + 2 * x + 1] = x % 2 == 0 ? 90 : 160;
        }
    }
    unmap(image);
    const VASurfaceID target = create(VA_FOURCC_YUY2, 64, 32);
    VAProcPipelineParameterBuffer parameters{};
    parameters.surface = source;
    parameters.mirror_state = VA_MIRROR_HORIZONTAL;
    ASSERT_EQ(process(target, parameters), VA_STATUS_SUCCESS);
    data = map(target, image);
    for (unsigned x = 0; x < 64; ++x) {
        EXPECT_EQ(data[2 * x], 16 + 3 * (63 - x));
        EXPECT_EQ(data[2 * x + 1], x % 2 == 0 ? 90 : 160);
    }
    unmap(image);
}

}  // namespace
}  // namespace mrda::va_soft
