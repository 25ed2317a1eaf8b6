// SPDX-License-Identifier: MIT
#include <array>
#include <tuple>

#include "video_proc_display.h"

namespace mrda::va_soft {
namespace {

struct Rgb {
    int red, green, blue;
};

constexpr std::uint32_t kFourccs[] = {VA_FOURCC_NV12, VA_FOURCC_I420, VA_FOURCC_YV12,
                                      VA_FOURCC_YUY2, VA_FOURCC_P010, VA_FOURCC_BGRA,
                                      VA_FOURCC_BGRX, VA_FOURCC_RGBA, VA_FOURCC_RGBX};

class SoftConvert : public VideoProcDisplay {
  protected:
    VASurfaceID plain_rgb(std::uint32_t fourcc, unsigned width, unsigned height, Rgb color) {
        const VASurfaceID surface = create(fourcc, width, height);
        VAImage image{};
        std::uint8_t* data = map(surface, image);
        const bool red_first = fourcc == VA_FOURCC_RGBA || fourcc == VA_FOURCC_RGBX;
        for (std::uint32_t y = 0; y < height; ++y) {
            for (std::uint32_t x = 0; x < width; ++x) {
                std::uint8_t* pixel = data + y * image.pitches[0] + 4 * x;
                pixel[red_first ? 0 : 2] = static_cast<std::uint8_t>(color.red);
                pixel[1] = static_cast<std::uint8_t>(color.green);
                pixel[red_first ? 2 : 0] = static_cast<std::uint8_t>(color.blue);
                pixel[3] = 0x7f;
            }
        }
        unmap(image);
        return surface;
    }
    void expect_rgb(VASurfaceID surface, Rgb color, int tolerance, const std::string& what) {
        VAImage image{};
        const std::uint8_t* data = map(surface, image);
        const std::uint8_t* pixel =
            data + (image.height / 2U) * image.pitches[0] + 4 * (image.width / 2U);
        const bool red_first =
            image.format.fourcc == VA_FOURCC_RGBA || image.format.fourcc == VA_FOURCC_RGBX;
        EXPECT_NEAR(pixel[red_first ? 0 : 2], color.red, tolerance) << what;
        EXPECT_NEAR(pixel[1], color.green, tolerance) << what;
        EXPECT_NEAR(pixel[red_first ? 2 : 0], color.blue, tolerance) << what;
        unmap(image);
    }
    VAProcPipelineParameterBuffer from(VASurfaceID source) {
        VAProcPipelineParameterBuffer parameters{};
        parameters.surface = source;
        return parameters;
    }
};

TEST_F(SoftConvert, a_plain_colour_survives_the_way_through_any_format_and_size) {
    const Rgb orange{200, 120, 40};
    for (const std::uint32_t fourcc : kFourccs) {
        for (const auto& [width, height] : {std::pair{64U, 64U}, {33U, 17U}, {120U, 90U}}) {
            const VASurfaceID source = plain_rgb(VA_FOURCC_BGRA, 64, 64, orange);
            const VASurfaceID middle = create(fourcc, width, height);
            for (const std::uint32_t last : {VA_FOURCC_BGRX, VA_FOURCC_RGBA}) {
                const VASurfaceID target = create(last, 64, 64);
                const std::string what = std::to_string(fourcc) + " " + std::to_string(width);
                ASSERT_EQ(process(middle, from(source)), VA_STATUS_SUCCESS) << what;
                ASSERT_EQ(process(target, from(middle)), VA_STATUS_SUCCESS) << what;
                expect_rgb(target, orange, 4, what);
            }
        }
    }
}

TEST_F(SoftConvert, every_format_converts_to_every_other_at_another_size) {
    for (const std::uint32_t source : kFourccs) {
        for (const std::uint32_t target : kFourccs) {
            const VASurfaceID surface = create(target, 50, 30);
            ASSERT_EQ(process(surface, from(create(source, 64, 48))), VA_STATUS_SUCCESS);
        }
    }
}

TEST_F(SoftConvert, the_matrix_is_bt601_unless_bt709_is_asked_for) {
    const VASurfaceID source = create(VA_FOURCC_NV12, 64, 64);
    VAImage image{};
    std::uint8_t* data = map(source, image);
    std::fill_n(data, image.data_size, std::uint8_t{128});
    // Cr = 200: red is Y' + 1.596 (Cr - 128) in BT.601, Y' + 1.793 (Cr - 128) in BT.709, Y' = 1.164
    // (Y - 16).
    for (std::uint32_t at = image.offsets[1] + 1; at < image.data_size; at += 2) {
        data[at] = 200;
    }
    unmap(image);
    const VASurfaceID target = create(VA_FOURCC_BGRA, 64, 64);
    ASSERT_EQ(process(target, from(source)), VA_STATUS_SUCCESS);
    expect_rgb(target, {245, 72, 130}, 2, "BT.601");
    auto bt709 = from(source);
    bt709.surface_color_standard = VAProcColorStandardBT709;
    ASSERT_EQ(process(target, bt709), VA_STATUS_SUCCESS);
    expect_rgb(target, {255, 92, 130}, 2, "BT.709");
    const VASurfaceID red_first = create(VA_FOURCC_RGBA, 64, 64);
    ASSERT_EQ(process(red_first, bt709), VA_STATUS_SUCCESS);
    expect_rgb(red_first, {255, 92, 130}, 2, "BT.709, red first");
}

TEST_F(SoftConvert, colours_that_are_not_implemented_are_refused) {
    const VASurfaceID yuv = create(VA_FOURCC_NV12, 64, 64);
    const VASurfaceID rgb = create(VA_FOURCC_BGRA, 64, 64);
    const VASurfaceID other = create(VA_FOURCC_I420, 64, 64);
    auto parameters = from(rgb);
    parameters.output_color_standard = VAProcColorStandardBT709;
    EXPECT_EQ(process(yuv, parameters), VA_STATUS_ERROR_UNIMPLEMENTED);
    parameters = from(yuv);
    parameters.surface_color_standard = VAProcColorStandardBT2020;
    EXPECT_EQ(process(rgb, parameters), VA_STATUS_ERROR_UNIMPLEMENTED);
    parameters = from(yuv);
    parameters.input_color_properties.color_range = VA_SOURCE_RANGE_FULL;
    EXPECT_EQ(process(rgb, parameters), VA_STATUS_ERROR_UNIMPLEMENTED);
    parameters = from(yuv);
    parameters.surface_color_standard = VAProcColorStandardBT601;
    parameters.output_color_standard = VAProcColorStandardBT709;
    EXPECT_EQ(process(other, parameters), VA_STATUS_ERROR_UNIMPLEMENTED);
    parameters.output_color_standard = VAProcColorStandardBT601;
    EXPECT_EQ(process(other, parameters), VA_STATUS_SUCCESS);
}

TEST_F(SoftConvert, p010_keeps_all_ten_bits_when_it_is_scaled) {
    const VASurfaceID source = create(VA_FOURCC_P010, 64, 64);
    VAImage image{};
    std::uint8_t* data = map(source, image);
    for (std::uint32_t at = 0; at < image.data_size; at += 2) {
        data[at] = 0x40;
        data[at + 1] = at < image.offsets[1] ? 0x9b : 0x61;
    }
    unmap(image);
    const VASurfaceID target = create(VA_FOURCC_P010, 40, 24);
    ASSERT_EQ(process(target, from(source)), VA_STATUS_SUCCESS);
    data = map(target, image);
    const auto word = [&](std::uint32_t at) { return data[at] | data[at + 1] << 8; };
    EXPECT_NEAR(word(10 * image.pitches[0] + 20), 0x9b40, 1);
    EXPECT_NEAR(word(image.offsets[1] + 5 * image.pitches[1] + 20), 0x6140, 1);
    unmap(image);
}

TEST_F(SoftConvert, ten_bits_come_from_eight_by_a_factor_of_four) {
    const VASurfaceID source = create(VA_FOURCC_NV12, 64, 64);
    VAImage image{};
    std::uint8_t* data = map(source, image);
    std::fill_n(data, image.data_size, std::uint8_t{235});
    unmap(image);
    const VASurfaceID target = create(VA_FOURCC_P010, 64, 64);
    ASSERT_EQ(process(target, from(source)), VA_STATUS_SUCCESS);
    data = map(target, image);
    EXPECT_EQ(data[0] | data[1] << 8, 940 << 6);
    EXPECT_EQ(data[image.offsets[1]] | data[image.offsets[1] + 1] << 8, 940 << 6);
    unmap(image);
}

TEST_F(SoftConvert, padding_becomes_opaque_alpha_and_alpha_is_kept) {
    const auto alpha_of = [&](std::uint32_t source, std::uint32_t target) {
        const VASurfaceID surface = create(target, 32, 32);
        EXPECT_EQ(process(surface, from(plain_rgb(source, 32, 32, {1, 2, 3}))), VA_STATUS_SUCCESS);
        expect_rgb(surface, {1, 2, 3}, 0, "RGB to RGB");
        VAImage image{};
        const std::uint8_t alpha = map(surface, image)[3];
        unmap(image);
        return alpha;
    };
    EXPECT_EQ(alpha_of(VA_FOURCC_BGRX, VA_FOURCC_BGRA), 0xff);
    EXPECT_EQ(alpha_of(VA_FOURCC_BGRX, VA_FOURCC_RGBA), 0xff);
    EXPECT_EQ(alpha_of(VA_FOURCC_BGRA, VA_FOURCC_RGBA), 0x7f);
    EXPECT_EQ(alpha_of(VA_FOURCC_BGRA, VA_FOURCC_BGRA), 0x7f);
}

}  // namespace
}  // namespace mrda::va_soft
