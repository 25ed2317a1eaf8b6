// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <va/va_backend.h>

#include <cstring>
#include <numeric>

#include "soft_display.h"

namespace mrda::va_soft {
namespace {

class SoftImage : public SoftDisplay {
  protected:
    VAImage create_image(std::uint32_t fourcc, int width, int height) {
        VAImage image{};
        VAImageFormat format = image_format_of(fourcc);
        EXPECT_EQ(vaCreateImage(display_, &format, width, height, &image), VA_STATUS_SUCCESS);
        return image;
    }
    std::uint8_t* map_image(const VAImage& image) {
        void* data = nullptr;
        EXPECT_EQ(vaMapBuffer(display_, image.buf, &data), VA_STATUS_SUCCESS);
        return static_cast<std::uint8_t*>(data);
    }
    /// A different byte almost everywhere.
    void fill(const VAImage& image) {
        std::uint8_t* data = map_image(image);
        for (std::uint32_t at = 0; at < image.data_size; ++at) {
            data[at] = static_cast<std::uint8_t>((at * 37) ^ (at >> 8));
        }
        EXPECT_EQ(vaUnmapBuffer(display_, image.buf), VA_STATUS_SUCCESS);
    }
};

TEST_F(SoftImage, the_listed_formats_are_exactly_those_that_can_be_made) {
    std::vector<VAImageFormat> formats(static_cast<std::size_t>(vaMaxNumImageFormats(display_)));
    int count = 0;
    ASSERT_EQ(vaQueryImageFormats(display_, formats.data(), &count), VA_STATUS_SUCCESS);
    ASSERT_EQ(count, 9);
    for (VAImageFormat& format : formats) {
        VAImage image{};
        EXPECT_EQ(vaCreateImage(display_, &format, 33, 17, &image), VA_STATUS_SUCCESS);
        EXPECT_EQ(image.format.bits_per_pixel, format.bits_per_pixel);
        EXPECT_EQ(vaDestroyImage(display_, image.image_id), VA_STATUS_SUCCESS);
        EXPECT_EQ(vaDestroyImage(display_, image.image_id), VA_STATUS_ERROR_INVALID_IMAGE);
    }
    VAImageFormat unknown = image_format_of(VA_FOURCC_AYUV);
    VAImage image{};
    EXPECT_EQ(vaCreateImage(display_, &unknown, 64, 64, &image),
              VA_STATUS_ERROR_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(vaCreateImage(display_, formats.data(), 0, 64, &image),
              VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED);
    EXPECT_EQ(vaCreateImage(display_, formats.data(), 64, 8193, &image),
              VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED);
}

TEST_F(SoftImage, put_and_get_give_the_same_pixels_back_in_every_format) {
    const std::uint32_t fourccs[] = {VA_FOURCC_NV12, VA_FOURCC_I420, VA_FOURCC_YV12,
                                     VA_FOURCC_YUY2, VA_FOURCC_P010, VA_FOURCC_BGRA,
                                     VA_FOURCC_BGRX, VA_FOURCC_RGBA, VA_FOURCC_RGBX};
    for (const std::uint32_t fourcc : fourccs) {
        const VASurfaceID surface = create(fourcc, 64, 32);
        const VAImage from = create_image(fourcc, 64, 32);
        const VAImage to = create_image(fourcc, 64, 32);
        fill(from);
        ASSERT_EQ(vaPutImage(display_, surface, from.image_id, 0, 0, 64, 32, 0, 0, 64, 32),
                  VA_STATUS_SUCCESS);
        ASSERT_EQ(vaGetImage(display_, surface, 0, 0, 64, 32, to.image_id), VA_STATUS_SUCCESS);
        const std::uint8_t* one = map_image(from);
        const std::uint8_t* other = map_image(to);
        const std::uint32_t row_bytes = 64 * (from.num_planes == 1 ? from.format.bits_per_pixel / 8
                                              : fourcc == VA_FOURCC_P010 ? 2
                                                                         : 1);
        for (std::uint32_t row = 0; row < 32; ++row) {
            EXPECT_EQ(
                std::memcmp(one + row * from.pitches[0], other + row * to.pitches[0], row_bytes),
                0);
        }
        for (std::uint32_t plane = 1; plane < from.num_planes; ++plane) {
            const std::uint32_t chroma_bytes = from.num_planes == 3 ? row_bytes / 2 : row_bytes;
            for (std::uint32_t row = 0; row < 16; ++row) {
                EXPECT_EQ(
                    std::memcmp(one + from.offsets[plane] + row * from.pitches[plane],
                                other + to.offsets[plane] + row * to.pitches[plane], chroma_bytes),
                    0);
            }
        }
    }
}

TEST_F(SoftImage, a_part_lands_where_it_was_put_and_nowhere_else) {
    const VASurfaceID surface = create(VA_FOURCC_BGRA, 16, 16);
    const VAImage image = create_image(VA_FOURCC_BGRA, 4, 4);
    std::memset(map_image(image), 0xee, image.data_size);
    ASSERT_EQ(vaPutImage(display_, surface, image.image_id, 1, 1, 2, 2, 5, 6, 2, 2),
              VA_STATUS_SUCCESS);
    VAImage derived{};
    const std::uint8_t* data = map(surface, derived);
    for (std::uint32_t y = 0; y < 16; ++y) {
        for (std::uint32_t x = 0; x < 16; ++x) {
            const bool inside = x >= 5 && x < 7 && y >= 6 && y < 8;
            EXPECT_EQ(data[y * derived.pitches[0] + 4 * x], inside ? 0xee : 0) << x << "," << y;
        }
    }
    unmap(derived);
}

TEST_F(SoftImage, regions_that_do_not_fit_are_refused) {
    const VASurfaceID surface = create(VA_FOURCC_NV12, 64, 64);
    const VAImage image = create_image(VA_FOURCC_NV12, 32, 32);
    constexpr VAStatus kInvalid = VA_STATUS_ERROR_INVALID_PARAMETER;
    EXPECT_EQ(vaGetImage(display_, surface, 0, 0, 64, 64, image.image_id), kInvalid);
    EXPECT_EQ(vaGetImage(display_, surface, 33, 0, 32, 32, image.image_id), kInvalid);
    EXPECT_EQ(vaGetImage(display_, surface, 1, 0, 16, 16, image.image_id), kInvalid);
    EXPECT_EQ(vaGetImage(display_, surface, -2, 0, 16, 16, image.image_id), kInvalid);
    EXPECT_EQ(vaGetImage(display_, surface, 0, 0, 0, 16, image.image_id), kInvalid);
    EXPECT_EQ(vaGetImage(display_, surface, 0, 0, 0xffffffff, 16, image.image_id), kInvalid);
    EXPECT_EQ(vaGetImage(display_, surface, 0x7ffffffe, 0, 16, 16, image.image_id), kInvalid);
    EXPECT_EQ(vaPutImage(display_, surface, image.image_id, 0, 0, 33, 32, 0, 0, 33, 32), kInvalid);
    EXPECT_EQ(vaPutImage(display_, surface, image.image_id, 0, 0, 32, 32, 40, 0, 32, 32), kInvalid);
    EXPECT_EQ(vaGetImage(display_, surface, 0, 0, 16, 16, VA_INVALID_ID),
              VA_STATUS_ERROR_INVALID_IMAGE);
    EXPECT_EQ(vaGetImage(display_, VA_INVALID_ID, 0, 0, 16, 16, image.image_id),
              VA_STATUS_ERROR_INVALID_SURFACE);
}

TEST_F(SoftImage, a_surface_is_not_put_onto_itself) {
    const VASurfaceID surface = create(VA_FOURCC_NV12, 64, 64);
    VAImage image{};
    ASSERT_EQ(vaDeriveImage(display_, surface, &image), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaPutImage(display_, surface, image.image_id, 0, 0, 32, 32, 2, 2, 32, 32),
              VA_STATUS_ERROR_INVALID_PARAMETER);
    EXPECT_EQ(vaGetImage(display_, surface, 2, 2, 32, 32, image.image_id),
              VA_STATUS_ERROR_INVALID_PARAMETER);
}

TEST_F(SoftImage, pixels_are_converted_and_scaled_where_formats_and_sizes_differ) {
    const VASurfaceID surface = create(VA_FOURCC_NV12, 128, 64);
    const VAImage white = create_image(VA_FOURCC_BGRX, 32, 32);
    std::memset(map_image(white), 0xff, white.data_size);
    ASSERT_EQ(vaPutImage(display_, surface, white.image_id, 0, 0, 32, 32, 0, 0, 128, 64),
              VA_STATUS_SUCCESS);
    VAImage derived{};
    const std::uint8_t* data = map(surface, derived);
    EXPECT_NEAR(data[40 * derived.pitches[0] + 100], 235, 1);
    EXPECT_NEAR(data[derived.offsets[1] + 20 * derived.pitches[1] + 100], 128, 1);
    unmap(derived);
}

// Any region that fits comes back as it was, whatever its place; the image beside it stays as it
// was.
RC_GTEST_FIXTURE_PROP(SoftImage, any_fitting_region_is_copied_exactly, ()) {
    const int x = 2 * *rc::gen::inRange(0, 32);
    const int y = 2 * *rc::gen::inRange(0, 16);
    const int width = *rc::gen::inRange(1, 65 - x);
    const int height = *rc::gen::inRange(1, 33 - y);
    const VASurfaceID surface = create(VA_FOURCC_NV12, 64, 32);
    VAImage derived{};
    RC_ASSERT(vaDeriveImage(display_, surface, &derived) == VA_STATUS_SUCCESS);
    fill(derived);
    const VAImage image = create_image(VA_FOURCC_NV12, 64, 32);
    RC_ASSERT(vaGetImage(display_, surface, x, y, static_cast<unsigned>(width),
                         static_cast<unsigned>(height), image.image_id) == VA_STATUS_SUCCESS);
    const std::uint8_t* from = map_image(derived);
    const std::uint8_t* to = map_image(image);
    for (std::uint32_t row = 0; row < 32; ++row) {
        for (std::uint32_t column = 0; column < 64; ++column) {
            const bool inside = row < static_cast<std::uint32_t>(height) &&
                                column < static_cast<std::uint32_t>(width);
            const std::uint8_t expected =
                inside ? from[(static_cast<std::uint32_t>(y) + row) * derived.pitches[0] +
                              static_cast<std::uint32_t>(x) + column]
                       : 0;
            RC_ASSERT(to[row * image.pitches[0] + column] == expected);
        }
    }
}

}  // namespace
}  // namespace mrda::va_soft
