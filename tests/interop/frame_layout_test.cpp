// SPDX-License-Identifier: MIT
#include "mrda/interop/frame_layout.h"

#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace mrda {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kTileY = I915_FORMAT_MOD_Y_TILED;

template <typename T>
void expect_invalid(const Result<T>& result, const std::string& named) {
    ASSERT_FALSE(result.ok()) << named << " was accepted";
    EXPECT_EQ(result.error().code, Errc::invalid_argument) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr(named));
}

Result<FrameLayout> nv12_planes(std::vector<PlaneLayout> planes,
                                std::uint64_t modifier = DRM_FORMAT_MOD_LINEAR) {
    return FrameLayout::from_planes(DRM_FORMAT_NV12, 1280, 720, modifier, planes);
}

TEST(ParseFormat, a_name_alone_is_linear) {
    const auto parsed = parse_format("BGRA");
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(*parsed, (FormatAndModifier{DRM_FORMAT_ARGB8888, DRM_FORMAT_MOD_LINEAR}));
    EXPECT_EQ(to_string(*parsed), "BGRA");
}

TEST(ParseFormat, a_modifier_is_read_and_written_with_sixteen_digits) {
    const auto parsed = parse_format("NV12:0x100000000000002");
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(*parsed, (FormatAndModifier{DRM_FORMAT_NV12, kTileY}));
    EXPECT_EQ(to_string(*parsed), "NV12:0x0100000000000002");
}

TEST(ParseFormat, a_format_that_is_not_carried_is_still_printed) {
    EXPECT_EQ(to_string(FormatAndModifier{DRM_FORMAT_NV24, 0}), "NV24");
    EXPECT_EQ(to_string(FormatAndModifier{0, 1}), "\\x00\\x00\\x00\\x00:0x0000000000000001");
}

TEST(ParseFormat, a_modifier_that_is_no_hexadecimal_number_is_refused_by_name) {
    for (const std::string text :
         {"NV12:", "NV12:0x", "NV12:2", "NV12:0x1g", "NV12:0x-1", "NV12: 0x1", "NV12:0x1 ",
          "NV12:0x1:0x2", "NV12:0x10000000000000000"}) {
        expect_invalid(parse_format(text), "\"" + text + "\"");
    }
}

TEST(ParseFormat, an_unknown_format_is_unsupported) {
    const auto parsed = parse_format("H264:0x1");
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().code, Errc::unsupported);
    EXPECT_THAT(parsed.error().message, HasSubstr("H264"));
}

TEST(FrameLayout, linear_nv12_has_its_chroma_behind_whole_macroblocks_of_luma) {
    const auto layout = FrameLayout::linear(DRM_FORMAT_NV12, 1920, 1080);
    ASSERT_TRUE(layout.ok());
    EXPECT_TRUE(layout->is_linear());
    ASSERT_EQ(layout->planes().size(), 2U);
    EXPECT_EQ(layout->planes()[0], (PlaneLayout{0, 1920}));
    EXPECT_EQ(layout->planes()[1], (PlaneLayout{1920 * 1088, 1920}));
    EXPECT_EQ(layout->size_bytes(), 1920ULL * 1088 * 3 / 2);
    EXPECT_EQ(layout->packed_bytes(), 1920ULL * 1080 * 3 / 2);
    EXPECT_EQ(layout->to_string(), "NV12 1920x1080, pitch 1920, chroma at 2088960");
}

TEST(FrameLayout, linear_i420_has_half_the_pitch_for_chroma) {
    const auto layout = FrameLayout::linear(DRM_FORMAT_YUV420, 1280, 720);
    ASSERT_TRUE(layout.ok());
    ASSERT_EQ(layout->planes().size(), 3U);
    EXPECT_EQ(layout->planes()[1], (PlaneLayout{1280 * 720, 640}));
    EXPECT_EQ(layout->planes()[2], (PlaneLayout{1280 * 720 + 640 * 360, 640}));
    EXPECT_EQ(layout->to_string(), "I420 1280x720, pitch 1280, chroma at 921600 and 1152000");
}

TEST(FrameLayout, linear_p010_counts_two_bytes_a_sample) {
    const auto layout = FrameLayout::linear(DRM_FORMAT_P010, 1000, 720);
    ASSERT_TRUE(layout.ok());
    EXPECT_EQ(layout->planes()[0].pitch_bytes, 2048U);
    EXPECT_EQ(layout->planes()[1], (PlaneLayout{2048 * 720, 2048}));
    EXPECT_EQ(layout->row_bytes(1), 2000U);
    EXPECT_EQ(layout->rows(1), 360U);
}

TEST(FrameLayout, linear_refuses_sizes_that_no_frame_has) {
    expect_invalid(FrameLayout::linear(DRM_FORMAT_NV12, 0, 720), "NV12 0x720");
    expect_invalid(FrameLayout::linear(DRM_FORMAT_NV12, 1280, 0), "NV12 1280x0");
    expect_invalid(FrameLayout::linear(DRM_FORMAT_NV12, 65536, 720), "65536x720");
    expect_invalid(FrameLayout::linear(DRM_FORMAT_NV12, 1280, 65536), "1280x65536");
    expect_invalid(FrameLayout::linear(DRM_FORMAT_NV12, 16386, 720), "16384");
    expect_invalid(FrameLayout::linear(DRM_FORMAT_ARGB8888, 0xffffffff, 0xffffffff),
                   "4294967295x4294967295");
    EXPECT_TRUE(FrameLayout::linear(DRM_FORMAT_NV12, kMaxDimensionPx, kMaxDimensionPx).ok());
}

TEST(FrameLayout, odd_sizes_are_refused_where_the_format_subsamples) {
    for (const std::uint32_t fourcc : {DRM_FORMAT_NV12, DRM_FORMAT_YUV420, DRM_FORMAT_P010}) {
        expect_invalid(FrameLayout::linear(fourcc, 1279, 720), "1279x720");
        expect_invalid(FrameLayout::linear(fourcc, 1280, 719), "1280x719");
    }
    expect_invalid(FrameLayout::linear(DRM_FORMAT_YUYV, 1279, 720), "1279x720");
    EXPECT_TRUE(FrameLayout::linear(DRM_FORMAT_YUYV, 1280, 719).ok());
    EXPECT_TRUE(FrameLayout::linear(DRM_FORMAT_ARGB8888, 1279, 719).ok());
}

TEST(FrameLayout, linear_refuses_an_alignment_that_is_no_power_of_two) {
    expect_invalid(FrameLayout::linear(DRM_FORMAT_NV12, 64, 64, {48, 16}), "pitch 48");
    expect_invalid(FrameLayout::linear(DRM_FORMAT_NV12, 64, 64, {64, 0}), "rows 0");
    expect_invalid(FrameLayout::linear(DRM_FORMAT_NV12, 64, 64, {131072, 1}), "131072");
}

TEST(FrameLayout, an_unknown_fourcc_is_unsupported) {
    const auto layout = FrameLayout::linear(DRM_FORMAT_NV24, 64, 64);
    ASSERT_FALSE(layout.ok());
    EXPECT_EQ(layout.error().code, Errc::unsupported);
    EXPECT_THAT(layout.error().message, HasSubstr("NV24"));
}

TEST(FrameLayout, planes_of_somebody_else_are_kept_as_they_are) {
    const std::vector<PlaneLayout> planes{{4096, 2048}, {4096 + 2048 * 736, 2048}};
    const auto layout = nv12_planes(planes);
    ASSERT_TRUE(layout.ok());
    EXPECT_EQ(layout->planes()[0], planes[0]);
    EXPECT_EQ(layout->planes()[1], planes[1]);
    // The last row counts without its padding.
    EXPECT_EQ(layout->size_bytes(), planes[1].offset_bytes + 2048ULL * 359 + 1280);
}

TEST(FrameLayout, chroma_may_stand_before_luma) {
    const auto layout = nv12_planes({{1280 * 360, 1280}, {0, 1280}});
    ASSERT_TRUE(layout.ok());
    EXPECT_EQ(layout->size_bytes(), 1280ULL * 1080);
}

TEST(FrameLayout, a_pitch_below_the_row_is_refused_by_number) {
    expect_invalid(nv12_planes({{0, 1279}, {1280 * 720, 1280}}), "plane 0 has a pitch of 1279");
    expect_invalid(nv12_planes({{0, 1280}, {1280 * 720, 640}}), "plane 1 has a pitch of 640");
    expect_invalid(nv12_planes({{0, 0}, {1280 * 720, 1280}}), "plane 0 has a pitch of 0");
}

TEST(FrameLayout, a_pitch_that_cuts_a_block_is_refused) {
    expect_invalid(nv12_planes({{0, 1280}, {1280 * 720, 1281}}), "plane 1 has a pitch of 1281");
    const PlaneLayout bgra{0, 1280 * 4 + 2};
    expect_invalid(FrameLayout::from_planes(DRM_FORMAT_ARGB8888, 1280, 720, 0, {&bgra, 1}), "5122");
}

TEST(FrameLayout, planes_that_overlap_are_refused_with_both_offsets) {
    expect_invalid(nv12_planes({{0, 1280}, {1280 * 720 - 2, 1280}}),
                   "plane 1 at offset 921598 overlaps plane 0 at 0");
    expect_invalid(nv12_planes({{0, 1280}, {0, 1280}}), "overlaps");
}

TEST(FrameLayout, offsets_that_overflow_are_refused) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    expect_invalid(nv12_planes({{0, 1280}, {kMost, 1280}}), std::to_string(kMost));
    expect_invalid(nv12_planes({{kMost - 1280 * 719, 1280}, {0, 1280}}), "ends past 2^64");
    expect_invalid(nv12_planes({{kMost, 1280}, {0, 1280}}, kTileY), "ends past 2^64");
    expect_invalid(nv12_planes({{0, 1280}, {kMost - 1280, 0xfffffffe}}), "ends past 2^64");
}

TEST(FrameLayout, a_plane_may_end_with_the_last_byte_that_64_bits_can_count) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    constexpr std::uint64_t kLumaBytes = 1280 * 720;
    const auto last = nv12_planes({{kMost - kLumaBytes, 1280}, {0, 1280}});
    ASSERT_TRUE(last.ok());
    EXPECT_EQ(last->size_bytes(), kMost);
    expect_invalid(nv12_planes({{kMost - kLumaBytes + 1, 1280}, {0, 1280}}), "ends past 2^64");
}

TEST(FrameLayout, a_plane_that_begins_inside_a_block_is_refused) {
    expect_invalid(nv12_planes({{0, 1280}, {1280 * 720 + 1, 1280}}), "inside a block of 2 bytes");
}

TEST(FrameLayout, a_wrong_number_of_planes_is_refused) {
    expect_invalid(nv12_planes({{0, 1280}}), "1 planes given, the format has 2");
    expect_invalid(nv12_planes({}), "0 planes given");
    expect_invalid(nv12_planes({{0, 1280}, {921600, 1280}, {2000000, 1280}, {3000000, 1280}}),
                   "4 planes given");
}

TEST(FrameLayout, an_invalid_modifier_is_refused_by_name) {
    expect_invalid(nv12_planes({{0, 1280}, {1280 * 720, 1280}}, DRM_FORMAT_MOD_INVALID),
                   "DRM_FORMAT_MOD_INVALID");
}

TEST(FrameLayout, a_tiled_layout_keeps_its_modifier_and_shows_it) {
    const auto layout = nv12_planes({{0, 1280}, {1280 * 736, 1280}}, kTileY);
    ASSERT_TRUE(layout.ok());
    EXPECT_FALSE(layout->is_linear());
    EXPECT_EQ(layout->modifier(), kTileY);
    EXPECT_EQ(layout->to_string(),
              "NV12:0x0100000000000002 1280x720, pitch 1280, chroma at 942080");
}

TEST(FrameLayout, an_object_that_is_too_small_is_refused_with_both_sizes) {
    const auto layout = FrameLayout::linear(DRM_FORMAT_NV12, 1280, 720);
    ASSERT_TRUE(layout.ok());
    EXPECT_TRUE(layout->check_fits(1382400).ok());
    expect_invalid(layout->check_fits(1382399), "needs 1382400 bytes; the object has 1382399");
}

TEST(FrameLayout, equal_layouts_compare_equal) {
    const auto one = FrameLayout::linear(DRM_FORMAT_NV12, 1280, 720);
    const auto same = nv12_planes({{0, 1280}, {1280 * 720, 1280}});
    const auto other = FrameLayout::linear(DRM_FORMAT_NV12, 1280, 736);
    ASSERT_TRUE(one.ok() && same.ok() && other.ok());
    EXPECT_EQ(*one, *same);
    EXPECT_FALSE(*one == *other);
}

FrameLayout any_linear_layout() {
    const auto formats = pixel_formats();
    const auto& format = formats[*rc::gen::inRange<std::size_t>(0, formats.size())];
    const auto columns =
        *rc::gen::inRange<std::uint32_t>(1, kMaxDimensionPx / format.width_step() + 1);
    const auto rows =
        *rc::gen::inRange<std::uint32_t>(1, kMaxDimensionPx / format.height_step() + 1);
    const LayoutAlignment alignment{1U << *rc::gen::inRange(0, 17), 1U << *rc::gen::inRange(0, 17)};
    auto layout = FrameLayout::linear(format.drm_fourcc, columns * format.width_step(),
                                      rows * format.height_step(), alignment);
    RC_ASSERT(layout.ok());
    for (const PlaneLayout& plane : layout->planes()) {
        RC_ASSERT(plane.pitch_bytes % alignment.pitch_bytes == 0U);
        RC_ASSERT(plane.offset_bytes % alignment.pitch_bytes == 0U);
    }
    return *layout;
}

RC_GTEST_PROP(FrameLayout, linear_layouts_pass_as_planes, ()) {
    const FrameLayout layout = any_linear_layout();
    const auto again =
        FrameLayout::from_planes(layout.format().drm_fourcc, layout.width_px(), layout.height_px(),
                                 layout.modifier(), layout.planes());
    RC_ASSERT(again.ok());
    // Padding behind the last row is linear()'s own.
    RC_ASSERT(again->size_bytes() <= layout.size_bytes());
    RC_ASSERT(layout.packed_bytes() <= again->size_bytes());
}

RC_GTEST_PROP(FrameLayout, no_two_planes_of_a_linear_layout_share_a_byte, ()) {
    const FrameLayout layout = any_linear_layout();
    std::uint64_t free_from = 0;
    for (std::size_t i = 0; i < layout.planes().size(); ++i) {
        RC_ASSERT(layout.planes()[i].offset_bytes >= free_from);
        RC_ASSERT(layout.planes()[i].pitch_bytes >= layout.row_bytes(i));
        free_from = layout.planes()[i].offset_bytes + layout.plane_extent_bytes(i);
    }
    RC_ASSERT(free_from <= layout.size_bytes());
    RC_ASSERT(layout.check_fits(layout.size_bytes()).ok());
    RC_ASSERT(!layout.check_fits(layout.size_bytes() - 1).ok());
}

// What an importer relies on: an accepted layout never leads outside size_bytes, whatever it says.
RC_GTEST_PROP(FrameLayout, accepted_planes_lie_within_their_size, ()) {
    const auto offset =
        rc::gen::weightedOneOf<std::uint64_t>({{3, rc::gen::inRange<std::uint64_t>(0, 1U << 20U)},
                                               {1, rc::gen::arbitrary<std::uint64_t>()}});
    const auto pitch = rc::gen::weightedOneOf<std::uint32_t>(
        {{3, rc::gen::inRange<std::uint32_t>(0, 512)}, {1, rc::gen::arbitrary<std::uint32_t>()}});
    const auto formats = pixel_formats();
    const auto& format = formats[*rc::gen::inRange<std::size_t>(0, formats.size())];
    std::vector<PlaneLayout> planes(format.plane_count);
    for (PlaneLayout& plane : planes) {
        plane = {*offset, *pitch};
    }
    const auto layout =
        FrameLayout::from_planes(format.drm_fourcc, *rc::gen::inRange<std::uint32_t>(0, 64) * 2,
                                 *rc::gen::inRange<std::uint32_t>(0, 64) * 2,
                                 *rc::gen::element<std::uint64_t>(0, kTileY), planes);
    if (!layout.ok()) {
        RC_ASSERT(!layout.error().message.empty());
        return;
    }
    for (std::size_t i = 0; i < planes.size(); ++i) {
        RC_ASSERT(planes[i].offset_bytes <= layout->size_bytes());
        RC_ASSERT(layout->plane_extent_bytes(i) <= layout->size_bytes() - planes[i].offset_bytes);
    }
}

RC_GTEST_PROP(ParseFormat, written_and_read_again_is_the_same, (std::uint64_t modifier)) {
    for (const PixelFormat& format : pixel_formats()) {
        const FormatAndModifier written{format.drm_fourcc, modifier};
        const auto read = parse_format(to_string(written));
        RC_ASSERT(read.ok());
        RC_ASSERT(*read == written);
    }
}

RC_GTEST_PROP(ParseFormat, any_text_is_a_format_or_an_error_that_names_it,
              (const std::string& tail)) {
    const std::string start = *rc::gen::element<std::string>("", "NV12", "NV12:", "YUY2:0x");
    const auto read = parse_format(start + tail);
    if (read.ok()) {
        RC_ASSERT(*parse_format(to_string(*read)) == *read);
        return;
    }
    const std::string named = (start + tail).substr(0, (start + tail).find(':'));
    RC_ASSERT(read.error().message.find(named) != std::string::npos);
}

}  // namespace
}  // namespace mrda
