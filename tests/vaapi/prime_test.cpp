// SPDX-License-Identifier: MIT
#include "prime.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/platform.h"
#include "vaapi/frame_memory.h"

namespace mrda::vaapi {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kFourGib = std::uint64_t{1} << 32U;

DmaBuf object_of(std::uint64_t object_bytes, std::uint64_t offset_bytes, std::uint64_t size_bytes) {
    auto made = DmaBuf::adopt(test::new_memfd(object_bytes), offset_bytes, size_bytes, "a test");
    EXPECT_TRUE(made.ok()) << to_string(made.error());
    return std::move(*made);
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

RC_GTEST_PROP(PrimeDescriptor, leads_back_to_the_same_layout, ()) {
    const auto formats = pixel_formats();
    const PixelFormat& format = formats[*rc::gen::inRange<std::size_t>(0, formats.size())];
    const auto width = 2 * *rc::gen::inRange<std::uint32_t>(1, 1000);
    const auto height = 2 * *rc::gen::inRange<std::uint32_t>(1, 1000);
    const auto pitch_alignment = 1U << *rc::gen::inRange(6U, 13U);
    const auto layout =
        FrameLayout::linear(format.drm_fourcc, width, height, {.pitch_bytes = pitch_alignment});
    RC_ASSERT(layout.ok());
    const DmaBuf object = object_of(layout->size_bytes(), 0, layout->size_bytes());
    auto descriptor = to_prime_descriptor(object, *layout);
    RC_ASSERT(descriptor.ok());
    descriptor->objects[0].fd = ::dup(object.fd());
    const auto back = from_prime_descriptor(*descriptor);
    RC_ASSERT(back.ok());
    // from_planes() counts no padding behind the last row, so whole layouts need not be equal.
    const auto same = FrameLayout::from_planes(format.drm_fourcc, width, height, layout->modifier(),
                                               layout->planes());
    RC_ASSERT(same.ok());
    RC_ASSERT(back->layout == *same);
    RC_ASSERT(back->object.identity() == object.identity());
}

TEST(PrimeDescriptor, counts_offsets_from_the_objects_start) {
    const auto layout = *FrameLayout::linear(DRM_FORMAT_NV12, 320, 192);
    const DmaBuf object = object_of(layout.size_bytes() + 4096, 4096, layout.size_bytes());
    const auto descriptor = to_prime_descriptor(object, layout);
    ASSERT_TRUE(descriptor.ok());
    EXPECT_EQ(descriptor->objects[0].size, object.object_bytes());
    EXPECT_EQ(descriptor->layers[0].offset[0], 4096U);
    EXPECT_EQ(descriptor->layers[0].offset[1], 4096U + layout.planes()[1].offset_bytes);
}

TEST(PrimeDescriptor, has_a_drm_fourcc_for_the_layer_and_a_va_fourcc_for_the_surface) {
    const auto layout = *FrameLayout::linear(DRM_FORMAT_ARGB8888, 320, 192);
    const DmaBuf object = object_of(layout.size_bytes(), 0, layout.size_bytes());
    const auto descriptor = to_prime_descriptor(object, layout);
    ASSERT_TRUE(descriptor.ok());
    EXPECT_EQ(descriptor->fourcc, static_cast<std::uint32_t>(VA_FOURCC_BGRA));
    EXPECT_EQ(descriptor->layers[0].drm_format, static_cast<std::uint32_t>(DRM_FORMAT_ARGB8888));
}

TEST(PrimeDescriptor, of_an_object_past_4_gib_is_refused) {
    const auto layout = *FrameLayout::linear(DRM_FORMAT_NV12, 320, 192);
    const DmaBuf object = object_of(kFourGib + 4096, 0, layout.size_bytes());
    const auto descriptor = to_prime_descriptor(object, layout);
    ASSERT_FALSE(descriptor.ok());
    EXPECT_EQ(descriptor.error().code, Errc::unsupported);
    EXPECT_THAT(descriptor.error().message, HasSubstr("4 GiB"));
}

TEST(ExternalBuffers, past_4_gib_are_refused) {
    const auto layout = *FrameLayout::linear(DRM_FORMAT_NV12, 320, 192);
    std::uintptr_t handle = 0;
    EXPECT_FALSE(to_external_buffers(&handle, 0, kFourGib, layout).ok());
    EXPECT_FALSE(to_external_buffers(&handle, kFourGib, 4096, layout).ok());
    EXPECT_FALSE(to_external_buffers(&handle, kFourGib - 4096, kFourGib - 1, layout).ok());
    EXPECT_TRUE(to_external_buffers(&handle, 4096, kFourGib - 1, layout).ok());
}

/// What a driver might export, over a descriptor that a test can watch.
class ForeignDescriptor : public testing::Test {
  protected:
    void SetUp() override {
        const DmaBuf object = object_of(layout_.size_bytes(), 0, layout_.size_bytes());
        auto made = to_prime_descriptor(object, layout_);
        ASSERT_TRUE(made.ok());
        descriptor_ = *made;
        descriptor_.objects[0].fd = ::dup(object.fd());
    }
    void expect_refused_and_closed() {
        const auto back = from_prime_descriptor(descriptor_);
        EXPECT_FALSE(back.ok());
        EXPECT_FALSE(is_open(descriptor_.objects[0].fd));
    }

    const FrameLayout layout_ = *FrameLayout::linear(DRM_FORMAT_NV12, 320, 192);
    VADRMPRIMESurfaceDescriptor descriptor_{};
};

TEST_F(ForeignDescriptor, of_two_objects_is_refused_and_both_are_closed) {
    descriptor_.num_objects = 2;
    descriptor_.objects[1].fd = ::dup(descriptor_.objects[0].fd);
    expect_refused_and_closed();
    EXPECT_FALSE(is_open(descriptor_.objects[1].fd));
}

TEST_F(ForeignDescriptor, of_two_layers_is_refused_and_closed) {
    descriptor_.num_layers = 2;
    expect_refused_and_closed();
}

TEST_F(ForeignDescriptor, of_more_planes_than_there_can_be_is_refused_and_closed) {
    descriptor_.layers[0].num_planes = 5;
    expect_refused_and_closed();
}

TEST_F(ForeignDescriptor, with_planes_of_compression_data_is_unsupported_naming_the_modifier) {
    descriptor_.objects[0].drm_format_modifier = I915_FORMAT_MOD_Y_TILED_GEN12_MC_CCS;
    descriptor_.layers[0].num_planes = 4;
    const auto back = from_prime_descriptor(descriptor_);
    ASSERT_FALSE(back.ok());
    EXPECT_EQ(back.error().code, Errc::unsupported);
    EXPECT_THAT(back.error().message, HasSubstr("NV12:0x0100000000000007 with 4 planes"));
    EXPECT_FALSE(is_open(descriptor_.objects[0].fd));
}

TEST_F(ForeignDescriptor, with_more_planes_than_linear_memory_has_is_called_wrong) {
    descriptor_.layers[0].num_planes = 3;
    const auto back = from_prime_descriptor(descriptor_);
    ASSERT_FALSE(back.ok());
    EXPECT_EQ(back.error().code, Errc::unsupported);
    EXPECT_THAT(back.error().message, HasSubstr("NV12 with 3 planes"));
    EXPECT_THAT(back.error().message, HasSubstr("description is wrong"));
    EXPECT_FALSE(is_open(descriptor_.objects[0].fd));
}

/// Intel's driver does so, of RGBA alone.
TEST_F(ForeignDescriptor, that_names_the_bytes_of_rgba_backwards_is_read_as_rgba) {
    const auto rgba = *FrameLayout::linear(DRM_FORMAT_ABGR8888, 64, 64);
    const DmaBuf object = object_of(rgba.size_bytes(), 0, rgba.size_bytes());
    auto descriptor = to_prime_descriptor(object, rgba);
    ASSERT_TRUE(descriptor.ok());
    descriptor->objects[0].fd = ::dup(object.fd());
    descriptor->layers[0].drm_format = DRM_FORMAT_RGBA8888;
    const auto back = from_prime_descriptor(*descriptor);
    ASSERT_TRUE(back.ok()) << to_string(back.error());
    EXPECT_EQ(back->layout.format().drm_fourcc, std::uint32_t{DRM_FORMAT_ABGR8888});
    descriptor->objects[0].fd = ::dup(object.fd());
    descriptor->fourcc = VA_FOURCC_BGRA;
    EXPECT_FALSE(from_prime_descriptor(*descriptor).ok());
}

TEST_F(ForeignDescriptor, of_an_unknown_format_is_refused_and_closed) {
    descriptor_.layers[0].drm_format = DRM_FORMAT_R8;
    expect_refused_and_closed();
}

TEST_F(ForeignDescriptor, of_an_object_smaller_than_its_planes_is_refused_and_closed) {
    descriptor_.objects[0].size = 4096;
    expect_refused_and_closed();
}

TEST_F(ForeignDescriptor, of_a_size_past_the_object_is_refused_and_closed) {
    descriptor_.objects[0].size += 1U << 20U;
    expect_refused_and_closed();
}

}  // namespace
}  // namespace mrda::vaapi
