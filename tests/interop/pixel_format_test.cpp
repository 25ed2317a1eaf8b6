// SPDX-License-Identifier: MIT
#include "mrda/interop/pixel_format.h"

#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace mrda {
namespace {

using testing::HasSubstr;

TEST(PixelFormat, every_name_and_every_fourcc_leads_to_its_format) {
    std::set<std::uint32_t> seen;
    for (const PixelFormat& format : pixel_formats()) {
        EXPECT_TRUE(seen.insert(format.drm_fourcc).second) << format.name << " stands there twice";
        const auto by_fourcc = find_pixel_format(format.drm_fourcc);
        ASSERT_TRUE(by_fourcc.ok());
        EXPECT_EQ(*by_fourcc, &format);
        const auto by_name = find_pixel_format(format.name);
        ASSERT_TRUE(by_name.ok());
        EXPECT_EQ(*by_name, &format);
        const auto by_letters = find_pixel_format(fourcc_string(format.drm_fourcc));
        ASSERT_TRUE(by_letters.ok());
        EXPECT_EQ(*by_letters, &format);
    }
    EXPECT_EQ(seen.size(), 8U);
}

TEST(PixelFormat, packed_names_are_in_memory_order) {
    EXPECT_EQ((*find_pixel_format("BGRA"))->drm_fourcc, std::uint32_t{DRM_FORMAT_ARGB8888});
    EXPECT_EQ((*find_pixel_format("RGBA"))->drm_fourcc, std::uint32_t{DRM_FORMAT_ABGR8888});
    EXPECT_EQ((*find_pixel_format("BGRX"))->drm_fourcc, std::uint32_t{DRM_FORMAT_XRGB8888});
    EXPECT_EQ((*find_pixel_format("RGBX"))->drm_fourcc, std::uint32_t{DRM_FORMAT_XBGR8888});
}

struct Shape {
    const char* name;
    std::size_t planes;
    std::uint64_t bytes_of_64x48;
    std::uint32_t width_step;
    std::uint32_t height_step;
};

TEST(PixelFormat, planes_hold_as_many_bytes_as_the_format_says) {
    const Shape shapes[] = {
        {"NV12", 2, 64 * 48 * 3 / 2, 2, 2}, {"I420", 3, 64 * 48 * 3 / 2, 2, 2},
        {"P010", 2, 64 * 48 * 3, 2, 2},     {"YUY2", 1, 64 * 48 * 2, 2, 1},
        {"BGRA", 1, 64 * 48 * 4, 1, 1},     {"RGBA", 1, 64 * 48 * 4, 1, 1},
        {"BGRX", 1, 64 * 48 * 4, 1, 1},     {"RGBX", 1, 64 * 48 * 4, 1, 1},
    };
    ASSERT_EQ(std::size(shapes), pixel_formats().size());
    for (const Shape& shape : shapes) {
        const PixelFormat& format = **find_pixel_format(std::string_view(shape.name));
        EXPECT_EQ(format.plane_count, shape.planes) << shape.name;
        std::uint64_t bytes = 0;
        for (std::size_t i = 0; i < format.plane_count; ++i) {
            bytes += format.planes[i].row_bytes(64) * format.planes[i].rows(48);
        }
        EXPECT_EQ(bytes, shape.bytes_of_64x48) << shape.name;
        EXPECT_EQ(format.width_step(), shape.width_step) << shape.name;
        EXPECT_EQ(format.height_step(), shape.height_step) << shape.name;
    }
}

TEST(PixelFormat, an_unknown_fourcc_is_refused_with_the_list_of_the_known) {
    const auto found = find_pixel_format(DRM_FORMAT_NV24);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, Errc::unsupported);
    EXPECT_THAT(found.error().message, HasSubstr("NV24"));
    for (const PixelFormat& format : pixel_formats()) {
        EXPECT_THAT(found.error().message, HasSubstr(std::string(format.name)));
    }
}

TEST(PixelFormat, an_unknown_name_is_refused_by_name) {
    for (const std::string name : {"", "nv12", "NV12 ", "NV1", "RGB"}) {
        const auto found = find_pixel_format(name);
        ASSERT_FALSE(found.ok()) << name;
        EXPECT_EQ(found.error().code, Errc::unsupported);
        EXPECT_THAT(found.error().message, HasSubstr("\"" + name + "\""));
    }
}

TEST(PixelFormat, fourcc_string_shows_what_cannot_be_printed) {
    EXPECT_EQ(fourcc_string(DRM_FORMAT_NV12), "NV12");
    EXPECT_EQ(fourcc_string(0), "\\x00\\x00\\x00\\x00");
    EXPECT_EQ(fourcc_string(0xff0a4142), "BA\\x0a\\xff");
}

RC_GTEST_PROP(PixelFormat, fourcc_string_is_always_printable, (std::uint32_t fourcc)) {
    const std::string text = fourcc_string(fourcc);
    RC_ASSERT(text.size() >= 4U);
    RC_ASSERT(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; }));
}

RC_GTEST_PROP(PixelFormat, any_name_is_found_or_named_in_the_error, (const std::string& name)) {
    const auto found = find_pixel_format(name);
    if (found.ok()) {
        RC_ASSERT((*found)->name == name || fourcc_string((*found)->drm_fourcc) == name);
    } else {
        RC_ASSERT(found.error().message.find(name) != std::string::npos);
    }
}

}  // namespace
}  // namespace mrda
