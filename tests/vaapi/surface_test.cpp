// SPDX-License-Identifier: MIT
#include "mrda/vaapi/surface.h"

#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mrda/vaapi/import.h"
#include "support/platform.h"

namespace mrda::vaapi {
namespace {

using ::testing::HasSubstr;

class SurfaceTest : public test::DisplayTest {};

TEST_F(SurfaceTest, of_each_format_is_allocated_and_exported_as_one_object_that_holds_it) {
    for (const PixelFormat& format : pixel_formats()) {
        SCOPED_TRACE(std::string(format.name));
        const auto surface = Surface::allocate(*display_, format.drm_fourcc, 320, 180);
        if (!surface && test::platform() == Platform::gpu) {
            EXPECT_EQ(surface.error().code, Errc::unsupported);
            continue;
        }
        ASSERT_TRUE(surface.ok()) << to_string(surface.error());
        EXPECT_EQ(&surface->format(), &format);
        EXPECT_EQ(surface->width_px(), 320U);
        EXPECT_EQ(surface->height_px(), 180U);
        const auto exported = surface->export_dma_buf();
        ASSERT_TRUE(exported.ok()) << to_string(exported.error());
        EXPECT_EQ(&exported->layout.format(), &format);
        EXPECT_EQ(exported->layout.width_px(), 320U);
        EXPECT_EQ(exported->layout.height_px(), 180U);
        EXPECT_TRUE(exported->layout.check_fits(exported->object.size_bytes()).ok());
        EXPECT_EQ(exported->layout.is_linear(),
                  test::platform() == Platform::software || exported->layout.modifier() == 0);
    }
}

TEST_F(SurfaceTest, exported_twice_gives_two_descriptors_of_one_object) {
    const auto surface = Surface::allocate(*display_, DRM_FORMAT_NV12, 320, 180);
    ASSERT_TRUE(surface.ok());
    const auto first = surface->export_dma_buf();
    const auto second = surface->export_dma_buf();
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_NE(first->object.fd(), second->object.fd());
    EXPECT_EQ(first->object.identity(), second->object.identity());
    EXPECT_EQ(first->layout, second->layout);
}

TEST_F(SurfaceTest, of_a_size_that_cannot_be_is_refused_naming_it) {
    const std::pair<std::uint32_t, std::uint32_t> sizes[] = {{0, 180},     {320, 0},   {65536, 180},
                                                             {320, 65536}, {321, 180}, {320, 181}};
    for (const auto& [width, height] : sizes) {
        const auto surface = Surface::allocate(*display_, DRM_FORMAT_NV12, width, height);
        ASSERT_FALSE(surface.ok());
        EXPECT_EQ(surface.error().code, Errc::invalid_argument);
        EXPECT_THAT(surface.error().message,
                    HasSubstr(std::to_string(width) + "x" + std::to_string(height)));
    }
}

TEST_F(SurfaceTest, of_an_unknown_fourcc_is_refused_naming_it) {
    const auto surface = Surface::allocate(*display_, DRM_FORMAT_R8, 320, 180);
    ASSERT_FALSE(surface.ok());
    EXPECT_EQ(surface.error().code, Errc::unsupported);
    EXPECT_THAT(surface.error().message, HasSubstr("R8"));
}

TEST_F(SurfaceTest, that_nobody_uses_is_idle_at_once) {
    const auto surface = Surface::allocate(*display_, DRM_FORMAT_NV12, 320, 180);
    ASSERT_TRUE(surface.ok());
    EXPECT_TRUE(surface->wait().ok());
    EXPECT_TRUE(surface->wait(0).ok());
    const Sync sync = surface->sync();
    EXPECT_EQ(sync.kind(), Sync::Kind::surface);
    EXPECT_TRUE(sync.wait(1'000'000'000).ok());
}

TEST_F(SurfaceTest, allocated_and_exported_500_times_leaves_no_descriptor_and_no_mapping) {
    const auto cycle = [&] {
        const auto surface = Surface::allocate(*display_, DRM_FORMAT_NV12, 320, 180);
        ASSERT_TRUE(surface.ok());
        ASSERT_TRUE(surface->export_dma_buf().ok());
    };
    cycle();
    const auto before = test::process_counts();
    for (int i = 0; i < 500 && !HasFatalFailure(); ++i) {
        cycle();
    }
    EXPECT_EQ(test::process_counts(), before);
}

}  // namespace
}  // namespace mrda::vaapi
