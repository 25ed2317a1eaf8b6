// SPDX-License-Identifier: MIT
#include <va/va_backend.h>

#include <algorithm>
#include <set>
#include <thread>

#include "soft_display.h"

namespace mrda::va_soft {
namespace {

using SoftSurface = SoftDisplay;

TEST_F(SoftSurface, maps_to_the_same_zeroed_memory_each_time) {
    const VASurfaceID surface = create(VA_FOURCC_NV12, 320, 240);
    VAImage image{};
    std::uint8_t* first = map(surface, image);
    EXPECT_EQ(image.format.fourcc, static_cast<std::uint32_t>(VA_FOURCC_NV12));
    EXPECT_EQ(image.pitches[0] % 64, 0U);
    EXPECT_TRUE(std::all_of(first, first + image.data_size, [](std::uint8_t b) { return b == 0; }));
    first[7] = 0xab;
    unmap(image);
    const std::uint8_t* second = map(surface, image);
    EXPECT_EQ(first, second);
    EXPECT_EQ(second[7], 0xab);
    unmap(image);
    EXPECT_EQ(vaDestroySurfaces(display_, const_cast<VASurfaceID*>(&surface), 1),
              VA_STATUS_SUCCESS);
}

TEST_F(SoftSurface, planes_of_every_format_lie_within_the_image) {
    const std::uint32_t fourccs[] = {VA_FOURCC_NV12, VA_FOURCC_I420, VA_FOURCC_YV12,
                                     VA_FOURCC_YUY2, VA_FOURCC_P010, VA_FOURCC_BGRA,
                                     VA_FOURCC_BGRX, VA_FOURCC_RGBA, VA_FOURCC_RGBX};
    for (const std::uint32_t fourcc : fourccs) {
        VAImage image{};
        std::uint8_t* data = map(create(fourcc, 33, 17), image);
        ASSERT_NE(data, nullptr);
        EXPECT_EQ(image.width, 33);
        EXPECT_EQ(image.height, 17);
        for (std::uint32_t plane = 0; plane < image.num_planes; ++plane) {
            const std::uint32_t rows = plane == 0 ? 17 : 9;
            EXPECT_LE(image.offsets[plane] + image.pitches[plane] * rows, image.data_size);
        }
        std::fill_n(data, image.data_size, std::uint8_t{1});
        unmap(image);
    }
}

TEST_F(SoftSurface, a_destroyed_surface_is_refused_everywhere) {
    VASurfaceID surface = create(VA_FOURCC_NV12, 64, 64);
    ASSERT_EQ(vaDestroySurfaces(display_, &surface, 1), VA_STATUS_SUCCESS);
    VASurfaceID next = create(VA_FOURCC_NV12, 64, 64);
    EXPECT_NE(surface, next);
    VAImage image{};
    VASurfaceStatus status{};
    EXPECT_EQ(vaSyncSurface(display_, surface), VA_STATUS_ERROR_INVALID_SURFACE);
    EXPECT_EQ(vaSyncSurface2(display_, surface, 0), VA_STATUS_ERROR_INVALID_SURFACE);
    EXPECT_EQ(vaQuerySurfaceStatus(display_, surface, &status), VA_STATUS_ERROR_INVALID_SURFACE);
    EXPECT_EQ(vaDeriveImage(display_, surface, &image), VA_STATUS_ERROR_INVALID_SURFACE);
    VASurfaceID both[] = {next, surface};
    EXPECT_EQ(vaDestroySurfaces(display_, both, 2), VA_STATUS_ERROR_INVALID_SURFACE);
    EXPECT_EQ(vaSyncSurface(display_, next), VA_STATUS_SUCCESS);
}

TEST_F(SoftSurface, memory_outlives_its_surface_while_an_image_is_mapped) {
    VASurfaceID surface = create(VA_FOURCC_BGRA, 64, 64);
    VAImage image{};
    std::uint8_t* data = map(surface, image);
    ASSERT_EQ(vaDestroySurfaces(display_, &surface, 1), VA_STATUS_SUCCESS);
    std::fill_n(data, image.data_size, std::uint8_t{0x5a});
    unmap(image);
}

TEST_F(SoftSurface, sizes_outside_the_limits_are_refused) {
    VASurfaceID surface = VA_INVALID_SURFACE;
    const auto create_sized = [&](unsigned width, unsigned height) {
        return vaCreateSurfaces(display_, VA_RT_FORMAT_YUV420, width, height, &surface, 1, nullptr,
                                0);
    };
    EXPECT_EQ(create_sized(0, 64), VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED);
    EXPECT_EQ(create_sized(64, 0), VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED);
    EXPECT_EQ(create_sized(8193, 64), VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED);
    EXPECT_EQ(create_sized(65536, 65536), VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED);
    EXPECT_EQ(create_sized(8192, 8192), VA_STATUS_SUCCESS);
    EXPECT_EQ(create_sized(1, 1), VA_STATUS_SUCCESS);
}

TEST_F(SoftSurface, an_rt_format_that_is_not_the_pixel_formats_is_refused) {
    VASurfaceID surface = VA_INVALID_SURFACE;
    VASurfaceAttrib attribute{};
    attribute.type = VASurfaceAttribPixelFormat;
    attribute.value.type = VAGenericValueTypeInteger;
    attribute.value.value.i = VA_FOURCC_NV12;
    EXPECT_EQ(vaCreateSurfaces(display_, VA_RT_FORMAT_YUV422, 64, 64, &surface, 1, &attribute, 1),
              VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT);
    EXPECT_EQ(vaCreateSurfaces(display_, VA_RT_FORMAT_YUV444, 64, 64, &surface, 1, nullptr, 0),
              VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT);
    attribute.value.value.i = VA_FOURCC_AYUV;
    EXPECT_EQ(vaCreateSurfaces(display_, VA_RT_FORMAT_YUV444, 64, 64, &surface, 1, &attribute, 1),
              VA_STATUS_ERROR_ATTR_NOT_SUPPORTED);
}

TEST_F(SoftSurface, attributes_of_a_wrong_type_or_kind_are_refused) {
    VASurfaceID surface = VA_INVALID_SURFACE;
    VASurfaceAttrib attribute{};
    attribute.type = VASurfaceAttribPixelFormat;
    attribute.value.type = VAGenericValueTypePointer;
    EXPECT_EQ(vaCreateSurfaces(display_, VA_RT_FORMAT_YUV420, 64, 64, &surface, 1, &attribute, 1),
              VA_STATUS_ERROR_INVALID_PARAMETER);
    attribute.type = VASurfaceAttribMaxWidth;
    attribute.value.type = VAGenericValueTypeInteger;
    EXPECT_EQ(vaCreateSurfaces(display_, VA_RT_FORMAT_YUV420, 64, 64, &surface, 1, &attribute, 1),
              VA_STATUS_ERROR_ATTR_NOT_SUPPORTED);
    attribute.type = VASurfaceAttribMemoryType;
    attribute.value.value.i = VA_SURFACE_ATTRIB_MEM_TYPE_KERNEL_DRM;
    EXPECT_EQ(vaCreateSurfaces(display_, VA_RT_FORMAT_YUV420, 64, 64, &surface, 1, &attribute, 1),
              VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE);
}

TEST_F(SoftSurface, only_lists_of_modifiers_with_linear_in_them_are_taken) {
    VASurfaceID surface = VA_INVALID_SURFACE;
    std::uint64_t modifiers[] = {0x0100000000000002ULL, 0};
    VADRMFormatModifierList list{1, modifiers};
    VASurfaceAttrib attribute{};
    attribute.type = VASurfaceAttribDRMFormatModifiers;
    attribute.value.type = VAGenericValueTypePointer;
    attribute.value.value.p = &list;
    EXPECT_EQ(vaCreateSurfaces(display_, VA_RT_FORMAT_YUV420, 64, 64, &surface, 1, &attribute, 1),
              VA_STATUS_ERROR_ATTR_NOT_SUPPORTED);
    list.num_modifiers = 2;
    EXPECT_EQ(vaCreateSurfaces(display_, VA_RT_FORMAT_YUV420, 64, 64, &surface, 1, &attribute, 1),
              VA_STATUS_SUCCESS);
}

TEST_F(SoftSurface, an_idle_surface_syncs_at_once_and_is_ready) {
    const VASurfaceID surface = create(VA_FOURCC_NV12, 64, 64);
    VASurfaceStatus status{};
    EXPECT_EQ(vaSyncSurface(display_, surface), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaSyncSurface2(display_, surface, 0), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaQuerySurfaceStatus(display_, surface, &status), VA_STATUS_SUCCESS);
    EXPECT_EQ(status, VASurfaceReady);
}

TEST_F(SoftSurface, attributes_name_every_format_size_and_memory_type) {
    VAConfigID config = VA_INVALID_ID;
    ASSERT_EQ(vaCreateConfig(display_, VAProfileNone, VAEntrypointVideoProc, nullptr, 0, &config),
              VA_STATUS_SUCCESS);
    unsigned count = 0;
    ASSERT_EQ(vaQuerySurfaceAttributes(display_, config, nullptr, &count), VA_STATUS_SUCCESS);
    std::vector<VASurfaceAttrib> attributes(count);
    unsigned too_few = count - 1;
    EXPECT_EQ(vaQuerySurfaceAttributes(display_, config, attributes.data(), &too_few),
              VA_STATUS_ERROR_MAX_NUM_EXCEEDED);
    EXPECT_EQ(too_few, count);
    ASSERT_EQ(vaQuerySurfaceAttributes(display_, config, attributes.data(), &count),
              VA_STATUS_SUCCESS);
    std::set<std::uint32_t> fourccs;
    for (const VASurfaceAttrib& attribute : attributes) {
        const auto value = static_cast<std::uint32_t>(attribute.value.value.i);
        if (attribute.type == VASurfaceAttribPixelFormat) {
            fourccs.insert(value);
            create(value, 16, 16);
        }
        if (attribute.type == VASurfaceAttribMaxWidth ||
            attribute.type == VASurfaceAttribMaxHeight) {
            EXPECT_EQ(value, 8192U);
        }
        if (attribute.type == VASurfaceAttribMemoryType) {
            EXPECT_EQ(value, static_cast<std::uint32_t>(VA_SURFACE_ATTRIB_MEM_TYPE_VA |
                                                        VA_SURFACE_ATTRIB_MEM_TYPE_USER_PTR |
                                                        VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME |
                                                        VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2));
        }
    }
    EXPECT_EQ(fourccs.size(), 9U);
    EXPECT_EQ(vaQuerySurfaceAttributes(display_, VA_INVALID_ID, nullptr, &count),
              VA_STATUS_ERROR_INVALID_CONFIG);
}

TEST_F(SoftSurface, threads_create_map_and_destroy_side_by_side) {
    std::vector<std::jthread> threads;
    for (std::uint8_t thread = 1; thread <= 4; ++thread) {
        threads.emplace_back([this, thread] {
            for (int round = 0; round < 50; ++round) {
                VASurfaceID surface = create(VA_FOURCC_NV12, 64, 64);
                VAImage image{};
                std::uint8_t* data = map(surface, image);
                std::fill_n(data, image.data_size, thread);
                EXPECT_EQ(data[image.data_size - 1], thread);
                unmap(image);
                EXPECT_EQ(vaDestroySurfaces(display_, &surface, 1), VA_STATUS_SUCCESS);
            }
        });
    }
}

TEST_F(SoftSurface, two_displays_do_not_know_each_others_surfaces_or_disturb_each_other) {
    const VASurfaceID surface = create(VA_FOURCC_NV12, 64, 64);
    const VASurfaceID second = create(VA_FOURCC_NV12, 64, 64);
    VADisplay first = display_;
    SetUp();
    EXPECT_EQ(vaSyncSurface(display_, second), VA_STATUS_ERROR_INVALID_SURFACE);
    TearDown();
    display_ = first;
    EXPECT_EQ(vaSyncSurface(display_, surface), VA_STATUS_SUCCESS);
}

}  // namespace
}  // namespace mrda::va_soft
