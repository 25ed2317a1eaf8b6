// SPDX-License-Identifier: MIT
#include "mrda/vaapi/import.h"

#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mrda/vaapi/image.h"
#include "support/platform.h"
#include "vaapi/frame_memory.h"

namespace mrda::vaapi {
namespace {

using test::FrameMemory;
using ::testing::HasSubstr;
using ::testing::StartsWith;

FrameLayout nv12(std::uint32_t width = 320, std::uint32_t height = 192) {
    return *FrameLayout::linear(DRM_FORMAT_NV12, width, height);
}

FrameLayout nv12_planes(std::uint32_t pitch, std::uint64_t chroma_offset,
                        std::uint64_t modifier = DRM_FORMAT_MOD_LINEAR) {
    const PlaneLayout planes[] = {{0, pitch}, {chroma_offset, pitch}};
    auto made = FrameLayout::from_planes(DRM_FORMAT_NV12, 320, 192, modifier, planes);
    EXPECT_TRUE(made.ok()) << to_string(made.error());
    return *made;
}

/// On memfds, which the software driver takes. Imports of real DMA-BUFs are in chain_test.cpp.
class ImportTest : public test::DisplayTest {
  protected:
    void SetUp() override {
        MRDA_ONLY_ON(software, "the memory is a memfd");
        DisplayTest::SetUp();
    }

    static ImportSource both(const FrameMemory& memory) {
        return {&memory.buffer(), memory.frame(), memory.buffer().size_bytes()};
    }
    Error refused(const ImportSource& source, const FrameLayout& layout,
                  std::optional<Route> only = std::nullopt) {
        const auto before = test::process_counts();
        const auto imported = import_surface(*display_, source, layout, only);
        EXPECT_FALSE(imported.ok());
        EXPECT_EQ(test::process_counts(), before);
        return imported.ok() ? Error{} : imported.error();
    }
};

TEST_F(ImportTest, by_each_route_shows_the_memory_and_leaves_its_bytes_alone) {
    for (const Route route : {Route::prime_2, Route::prime, Route::user_ptr}) {
        SCOPED_TRACE(std::string(to_string(route)));
        const FrameMemory memory(nv12().size_bytes());
        const auto imported = import_surface(*display_, both(memory), nv12(), route);
        ASSERT_TRUE(imported.ok()) << to_string(imported.error());
        EXPECT_EQ(imported->path.route, route);
        EXPECT_EQ(imported->path.cpu_copied_bytes_per_frame, 0U);
        EXPECT_EQ(imported->verification, "probe pattern seen through the surface");
        EXPECT_TRUE(memory.untouched());
        CopyLedger ledger;
        const auto image = MappedImage::map(imported->surface, ledger);
        ASSERT_TRUE(image.ok());
        memory.frame()[5] = std::byte{0xA5};
        EXPECT_EQ(image->plane(0)[5], std::byte{0xA5});
        image->plane(1)[6] = std::byte{0x5A};
        EXPECT_EQ(memory.frame()[nv12().planes()[1].offset_bytes + 6], std::byte{0x5A});
        EXPECT_EQ(ledger.total_bytes(), 0U);
    }
}

TEST_F(ImportTest, of_each_format_works_by_each_route) {
    for (const PixelFormat& format : pixel_formats()) {
        for (const Route route : {Route::prime_2, Route::prime, Route::user_ptr}) {
            SCOPED_TRACE(std::string(format.name) + " " + std::string(to_string(route)));
            const auto layout = FrameLayout::linear(format.drm_fourcc, 640, 360);
            ASSERT_TRUE(layout.ok());
            const FrameMemory memory(layout->size_bytes());
            const auto imported = import_surface(*display_, both(memory), *layout, route);
            ASSERT_TRUE(imported.ok()) << to_string(imported.error());
            EXPECT_TRUE(memory.untouched());
        }
    }
}

TEST_F(ImportTest, takes_prime_2_first_and_has_nothing_better_to_refuse) {
    const FrameMemory memory(nv12().size_bytes());
    const auto imported = import_surface(*display_, both(memory), nv12());
    ASSERT_TRUE(imported.ok());
    EXPECT_EQ(imported->path.route, Route::prime_2);
    EXPECT_TRUE(imported->path.refused.empty());
}

TEST_F(ImportTest, falls_back_to_host_pages_and_says_why) {
    const FrameMemory memory(nv12().size_bytes());
    const auto imported =
        import_surface(*display_, {nullptr, memory.frame(), nv12().size_bytes()}, nv12());
    ASSERT_TRUE(imported.ok()) << to_string(imported.error());
    EXPECT_EQ(imported->path.route, Route::user_ptr);
    ASSERT_EQ(imported->path.refused.size(), 2U);
    EXPECT_EQ(imported->path.refused[0].route, Route::prime_2);
    EXPECT_THAT(imported->path.refused[0].reason, HasSubstr("no descriptor"));
    EXPECT_EQ(imported->path.refused[1].route, Route::prime);
}

TEST_F(ImportTest, by_one_route_only_refuses_rather_than_falling_back) {
    const FrameMemory memory(nv12().size_bytes());
    const Error error = refused({&memory.buffer(), nullptr, 0}, nv12(), Route::user_ptr);
    EXPECT_EQ(error.code, Errc::unsupported);
    EXPECT_THAT(error.message, HasSubstr("not prime2: not asked for"));
    EXPECT_THAT(error.message, HasSubstr("not userptr: the source gives no host pages"));
}

TEST_F(ImportTest, of_neither_descriptor_nor_pages_is_refused) {
    EXPECT_EQ(refused({}, nv12()).code, Errc::invalid_argument);
}

TEST_F(ImportTest, begins_where_the_buffer_does) {
    const FrameMemory memory(nv12().size_bytes(), 8192);
    for (const Route route : {Route::prime_2, Route::prime}) {
        const auto imported =
            import_surface(*display_, {&memory.buffer(), nullptr, 0}, nv12(), route);
        ASSERT_TRUE(imported.ok()) << to_string(imported.error());
        CopyLedger ledger;
        const auto image = MappedImage::map(imported->surface, ledger);
        ASSERT_TRUE(image.ok());
        EXPECT_EQ(image->plane(0)[3], memory.frame()[3]);
    }
    EXPECT_TRUE(memory.untouched());
}

TEST_F(ImportTest, is_verified_once_for_a_layout_a_route_and_an_offset) {
    const FrameMemory memory(nv12().size_bytes());
    const FrameMemory shifted(nv12().size_bytes(), 4096);
    const auto verification = [&](const FrameMemory& which, Route route) {
        auto imported = import_surface(*display_, {&which.buffer(), nullptr, 0}, nv12(), route);
        return imported.ok() ? imported->verification : to_string(imported.error());
    };
    EXPECT_THAT(verification(memory, Route::prime_2), StartsWith("probe pattern seen"));
    EXPECT_THAT(verification(memory, Route::prime_2),
                StartsWith("this layout was imported before"));
    EXPECT_THAT(verification(memory, Route::prime), StartsWith("probe pattern seen"));
    EXPECT_THAT(verification(shifted, Route::prime_2), StartsWith("probe pattern seen"));
}

TEST_F(ImportTest, of_an_unaligned_pitch_is_refused_naming_it) {
    const FrameMemory memory(1 << 20);
    const Error error = refused(both(memory), nv12_planes(324, 324 * 192));
    EXPECT_EQ(error.code, Errc::invalid_argument);
    EXPECT_THAT(error.message, HasSubstr("324"));
}

TEST_F(ImportTest, of_memory_too_small_is_refused_naming_both_sizes) {
    const FrameMemory memory(nv12().size_bytes() - 4096);
    const Error error = refused({&memory.buffer(), nullptr, 0}, nv12());
    EXPECT_EQ(error.code, Errc::invalid_argument);
    EXPECT_THAT(error.message, HasSubstr(std::to_string(nv12().size_bytes())));
    EXPECT_THAT(error.message, HasSubstr(std::to_string(nv12().size_bytes() - 4096)));
    EXPECT_EQ(refused({nullptr, memory.frame(), nv12().size_bytes() - 4096}, nv12()).code,
              Errc::invalid_argument);
}

TEST_F(ImportTest, of_chroma_past_the_object_is_refused) {
    const FrameMemory memory(nv12().size_bytes());
    const auto layout = nv12_planes(nv12().planes()[0].pitch_bytes, 1U << 30U);
    EXPECT_EQ(refused({&memory.buffer(), nullptr, 0}, layout).code, Errc::invalid_argument);
}

TEST_F(ImportTest, of_pages_off_a_page_boundary_is_refused) {
    const FrameMemory memory(nv12().size_bytes() + 4096);
    const Error error = refused({nullptr, memory.frame() + 64, nv12().size_bytes()}, nv12());
    EXPECT_EQ(error.code, Errc::invalid_argument);
    EXPECT_THAT(error.message, HasSubstr("page boundary"));
}

TEST_F(ImportTest, of_a_modifier_that_the_driver_lacks_is_refused_on_every_route) {
    const FrameMemory memory(1 << 20);
    const auto layout = nv12_planes(512, 512 * 192, I915_FORMAT_MOD_Y_TILED);
    const Error error = refused(both(memory), layout);
    EXPECT_EQ(error.code, Errc::unsupported);
    EXPECT_THAT(error.message, HasSubstr("0x0100000000000002"));
    EXPECT_THAT(error.message, HasSubstr("not prime2"));
    EXPECT_THAT(error.message, HasSubstr("not userptr"));
}

TEST_F(ImportTest, of_tiles_that_the_pitch_cuts_or_the_object_does_not_hold_is_refused) {
    const FrameMemory memory(512 * 192 * 3 / 2);
    const auto cut = nv12_planes(448, 448 * 192, I915_FORMAT_MOD_X_TILED);
    EXPECT_THAT(refused({&memory.buffer(), nullptr, 0}, cut).message, HasSubstr("512 bytes wide"));
    // 96 rows of chroma end with a tile; a row of tiles later they do not fit.
    const auto whole = nv12_planes(384, 384 * 192, I915_FORMAT_MOD_Y_TILED);
    const FrameMemory short_memory(384 * 192 * 3 / 2 - 64);
    const Error error = refused({&short_memory.buffer(), nullptr, 0}, whole);
    EXPECT_EQ(error.code, Errc::invalid_argument);
    EXPECT_THAT(error.message, HasSubstr("in whole tiles"));
}

TEST_F(ImportTest, of_a_plane_that_begins_inside_a_row_of_tiles_is_refused_naming_where_it_may) {
    // All rows fit; the tiles that hold the last of them would not.
    const FrameMemory memory(512 * (196 + 96));
    const Error error = refused({&memory.buffer(), nullptr, 0},
                                nv12_planes(512, 512 * 196, I915_FORMAT_MOD_Y_TILED));
    EXPECT_EQ(error.code, Errc::invalid_argument);
    EXPECT_THAT(error.message, HasSubstr("begins at byte 100352, inside a row of tiles"));
    EXPECT_THAT(error.message, HasSubstr("a multiple of 16384"));
}

TEST_F(ImportTest, of_tiled_planes_that_overlap_is_refused_naming_both) {
    const FrameMemory memory(1 << 20);
    for (const std::uint64_t chroma : {0U, 512U * 160}) {
        const Error error = refused({&memory.buffer(), nullptr, 0},
                                    nv12_planes(512, chroma, I915_FORMAT_MOD_Y_TILED));
        EXPECT_EQ(error.code, Errc::invalid_argument);
        EXPECT_THAT(error.message, HasSubstr("plane 1 at offset " + std::to_string(chroma) +
                                             " shares tiles with plane 0"));
    }
}

/// A layout that cannot be is refused before there is a display to ask.
TEST(ImportLayout, of_a_size_offset_or_format_that_cannot_be_is_not_made) {
    const std::pair<std::uint32_t, std::uint32_t> sizes[] = {{0, 2},     {2, 0},   {65536, 2},
                                                             {2, 65536}, {321, 2}, {320, 3}};
    for (const auto& [width, height] : sizes) {
        EXPECT_EQ(FrameLayout::linear(DRM_FORMAT_NV12, width, height).error().code,
                  Errc::invalid_argument);
    }
    EXPECT_EQ(FrameLayout::linear(DRM_FORMAT_R8, 320, 192).error().code, Errc::unsupported);
    const PlaneLayout narrow[] = {{0, 256}, {65536, 256}};
    const PlaneLayout overlapping[] = {{0, 320}, {320, 320}};
    const PlaneLayout overflowing[] = {{0, 320}, {UINT64_MAX - 16, 320}};
    for (const auto& planes : {narrow, overlapping, overflowing}) {
        EXPECT_EQ(FrameLayout::from_planes(DRM_FORMAT_NV12, 320, 192, 0, {planes, 2}).error().code,
                  Errc::invalid_argument);
    }
}

}  // namespace
}  // namespace mrda::vaapi
