// SPDX-License-Identifier: MIT
#include "mrda/vaapi/image.h"

#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/platform.h"

namespace mrda::vaapi {
namespace {

class ImageTest : public test::DisplayTest {
  protected:
    Surface new_surface(std::uint32_t width = 320, std::uint32_t height = 192) {
        auto made = Surface::allocate(*display_, DRM_FORMAT_NV12, width, height);
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        return std::move(*made);
    }
    MappedImage map(const Surface& surface) {
        auto made = MappedImage::map(surface, ledger_);
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        return std::move(*made);
    }
    CopyLedger ledger_;
};

TEST_F(ImageTest, what_is_written_through_one_mapping_is_read_through_the_next) {
    const Surface surface = new_surface();
    if (!map(surface).writes_through()) {
        GTEST_SKIP() << "this driver derives no image";
    }
    map(surface).plane(1)[7] = std::byte{0x77};
    EXPECT_EQ(map(surface).plane(1)[7], std::byte{0x77});
    EXPECT_EQ(ledger_.total_bytes(), 0U);
}

TEST_F(ImageTest, shows_both_planes_of_nv12_with_pitches_that_hold_a_row) {
    const Surface surface = new_surface();
    const MappedImage image = map(surface);
    EXPECT_EQ(image.plane_count(), 2U);
    for (std::size_t plane = 0; plane < 2; ++plane) {
        EXPECT_GE(image.pitch_bytes(plane), 320U);
    }
    EXPECT_GE(image.plane(1) - image.plane(0), 320 * 192);
}

TEST_F(ImageTest, assigned_to_another_lets_go_of_that_one) {
    const Surface surface = new_surface();
    const auto use = [&] {
        MappedImage image = map(surface);
        for (int i = 0; i < 10; ++i) {
            image = map(surface);
            ASSERT_NE(image.plane(0), nullptr);
        }
    };
    // A GPU's drivers keep memory that they needed before, up to some amount.
    for (int i = 0; i < 50 && test::platform() == Platform::gpu; ++i) {
        use();
    }
    const auto before = test::process_counts();
    use();
    EXPECT_EQ(test::process_counts(), before);
}

TEST_F(ImageTest, a_copied_frame_is_there_and_booked_with_its_reason) {
    const Surface surface = new_surface();
    const auto layout = FrameLayout::linear(DRM_FORMAT_NV12, 320, 192, {.pitch_bytes = 512});
    ASSERT_TRUE(layout.ok());
    std::vector<std::byte> frame(layout->size_bytes());
    for (std::size_t i = 0; i < frame.size(); ++i) {
        frame[i] = static_cast<std::byte>((i * 13 + i / 509) & 0xffU);
    }
    const auto copied = copy_to_surface(frame.data(), *layout, surface, ledger_, "a test asks");
    ASSERT_TRUE(copied.ok()) << to_string(copied.error());
    ASSERT_EQ(ledger_.entries().size(), 1U);
    EXPECT_EQ(ledger_.entries()[0].reason, "a test asks");
    EXPECT_EQ(ledger_.total_bytes(), 320U * 192 * 3 / 2);
    const MappedImage image = map(surface);
    for (std::size_t plane = 0; plane < 2; ++plane) {
        const PlaneLayout& at = layout->planes()[plane];
        for (std::uint32_t row = 0; row < layout->rows(plane); ++row) {
            const std::byte* wanted =
                frame.data() + at.offset_bytes + std::size_t{row} * at.pitch_bytes;
            ASSERT_TRUE(
                std::equal(wanted, wanted + layout->row_bytes(plane),
                           image.plane(plane) + std::size_t{row} * image.pitch_bytes(plane)))
                << "plane " << plane << ", row " << row;
        }
    }
}

TEST_F(ImageTest, a_frame_of_another_size_or_format_is_not_copied_and_not_booked) {
    const Surface surface = new_surface();
    const std::vector<std::byte> frame(1 << 20);
    for (const auto& layout : {FrameLayout::linear(DRM_FORMAT_NV12, 318, 192),
                               FrameLayout::linear(DRM_FORMAT_NV12, 320, 190),
                               FrameLayout::linear(DRM_FORMAT_YUV420, 320, 192)}) {
        const auto copied = copy_to_surface(frame.data(), *layout, surface, ledger_, "a test asks");
        ASSERT_FALSE(copied.ok());
        EXPECT_EQ(copied.error().code, Errc::invalid_argument);
    }
    EXPECT_EQ(ledger_.total_bytes(), 0U);
}

}  // namespace
}  // namespace mrda::vaapi
