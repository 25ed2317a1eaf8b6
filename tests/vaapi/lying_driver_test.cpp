// SPDX-License-Identifier: MIT
// Imports by a driver that is not what it should be (lying_driver.cpp), each in a process of its
// own.
#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "mrda/vaapi/import.h"
#include "support/platform.h"
#include "vaapi/frame_memory.h"

namespace mrda::vaapi {
namespace {

using test::FrameMemory;

constexpr std::uint32_t kRows = 192;

FrameLayout nv12(std::uint32_t width, std::uint32_t pitch, std::uint32_t luma_rows,
                 std::uint64_t modifier = DRM_FORMAT_MOD_LINEAR) {
    const PlaneLayout planes[] = {{0, pitch}, {std::uint64_t{pitch} * luma_rows, pitch}};
    return *FrameLayout::from_planes(DRM_FORMAT_NV12, width, kRows, modifier, planes);
}

Display open_liar() {
    ::setenv("LIBVA_DRIVERS_PATH", MRDA_LYING_DRIVER_DIR, 1);
    auto display = Display::open_software();
    if (!display) {
        std::fprintf(stderr, "%s\n", to_string(display.error()).c_str());
        std::_Exit(101);
    }
    return std::move(*display);
}

/// Says what came of it, and ends with 0 or the import's Errc.
[[noreturn]] void finish(const Result<Import>& imported, const FrameMemory& memory) {
    const bool untouched = memory.untouched();
    std::fprintf(
        stderr, "%s%s\n", untouched ? "" : "bytes were left changed; ",
        imported.ok() ? imported->verification.c_str() : to_string(imported.error()).c_str());
    std::_Exit(!untouched ? 100 : imported.ok() ? 0 : static_cast<int>(imported.error().code));
}

[[noreturn]] void import_by_driver(const char* told, const FrameLayout& layout) {
    ::setenv("MRDA_TEST_LIE", told, 1);
    const Display display = open_liar();
    const FrameMemory memory(1 << 20);
    finish(import_surface(display, {&memory.buffer(), nullptr, 0}, layout, Route::prime_2), memory);
}

[[noreturn]] void import_at_an_offset_after_an_honest_import() {
    const Display display = open_liar();
    const FrameLayout layout = nv12(320, 512, kRows);
    const FrameMemory honest(1 << 20);
    if (!import_surface(display, {&honest.buffer(), nullptr, 0}, layout, Route::prime_2)) {
        std::_Exit(102);
    }
    ::setenv("MRDA_TEST_LIE", "base", 1);
    const FrameMemory memory(1 << 20, 8192);
    finish(import_surface(display, {&memory.buffer(), nullptr, 0}, layout, Route::prime_2), memory);
}

[[noreturn]] void import_again_after_one_that_could_not_be_looked_at() {
    ::setenv("MRDA_TEST_LIE", "no images", 1);
    const Display display = open_liar();
    const FrameLayout layout = nv12(320, 512, kRows);
    const FrameMemory memory(1 << 20);
    const ImportSource source{&memory.buffer(), nullptr, 0};
    const auto unseen = import_surface(display, source, layout, Route::prime_2);
    if (!unseen || !unseen->verification.starts_with("not verified")) {
        std::_Exit(102);
    }
    ::unsetenv("MRDA_TEST_LIE");
    finish(import_surface(display, source, layout, Route::prime_2), memory);
}

[[noreturn]] void import_twice_by_an_unknown_modifier() {
    ::setenv("MRDA_TEST_LIE", "modifier", 1);
    const Display display = open_liar();
    const FrameLayout layout = nv12(512, 512, kRows, I915_FORMAT_MOD_Yf_TILED);
    const FrameMemory memory(1 << 20);
    const ImportSource source{&memory.buffer(), nullptr, 0};
    if (!import_surface(display, source, layout, Route::prime_2)) {
        std::_Exit(102);
    }
    finish(import_surface(display, source, layout, Route::prime_2), memory);
}

class ImportByADriverThat : public testing::Test {
  protected:
    void SetUp() override {
        MRDA_ONLY_ON(software, "the lying driver stands on the software driver");
        GTEST_FLAG_SET(death_test_style, "threadsafe");
    }
    static constexpr int kCorrupt = static_cast<int>(Errc::corrupt);
};

TEST_F(ImportByADriverThat, changes_the_pitch_is_caught_naming_the_layout_and_the_place) {
    EXPECT_EXIT(import_by_driver("pitch", nv12(320, 576, kRows)), testing::ExitedWithCode(kCorrupt),
                "NV12 320x192.*shows other pixels: plane 0, row 1");
}

TEST_F(ImportByADriverThat, moves_the_chroma_is_caught_naming_the_layout_and_the_place) {
    EXPECT_EXIT(import_by_driver("chroma", nv12(320, 576, kRows)),
                testing::ExitedWithCode(kCorrupt), "NV12 320x192.*shows other pixels: plane 1");
}

TEST_F(ImportByADriverThat, ignores_the_offset_is_caught_though_the_layout_was_seen_at_another) {
    EXPECT_EXIT(import_at_an_offset_after_an_honest_import(), testing::ExitedWithCode(kCorrupt),
                "NV12 320x192.*shows other pixels");
}

TEST_F(ImportByADriverThat, ignores_the_modifier_is_caught_naming_it) {
    const std::pair<std::uint64_t, const char*> modifiers[] = {
        {I915_FORMAT_MOD_X_TILED, "NV12:0x0100000000000001 .*shows other pixels"},
        {I915_FORMAT_MOD_Y_TILED, "NV12:0x0100000000000002 .*shows other pixels"},
        {I915_FORMAT_MOD_4_TILED, "NV12:0x0100000000000009 .*shows other pixels"}};
    for (const auto& [modifier, message] : modifiers) {
        EXPECT_EXIT(import_by_driver("modifier", nv12(1024, 1024, kRows, modifier)),
                    testing::ExitedWithCode(kCorrupt), message);
    }
}

TEST_F(ImportByADriverThat, shows_tiled_memory_detiled_is_believed) {
    for (const std::uint64_t modifier :
         {I915_FORMAT_MOD_X_TILED, I915_FORMAT_MOD_Y_TILED, I915_FORMAT_MOD_4_TILED}) {
        EXPECT_EXIT(import_by_driver("tiled", nv12(1000, 1024, kRows, modifier)),
                    testing::ExitedWithCode(0), "^probe pattern seen tiled through the surface\n");
    }
}

TEST_F(ImportByADriverThat, shows_one_column_of_x_tiles_is_believed_though_that_looks_linear) {
    for (const char* told : {"tiled", "modifier"}) {
        EXPECT_EXIT(import_by_driver(told, nv12(512, 512, kRows, I915_FORMAT_MOD_X_TILED)),
                    testing::ExitedWithCode(0), "probe pattern seen tiled");
    }
}

TEST_F(ImportByADriverThat, takes_an_unknown_modifier_is_not_called_verified) {
    EXPECT_EXIT(import_by_driver("modifier", nv12(512, 512, kRows, I915_FORMAT_MOD_Yf_TILED)),
                testing::ExitedWithCode(0),
                "not verified: how the pixels of NV12:0x0100000000000003");
}

TEST_F(ImportByADriverThat, shows_one_import_no_image_is_asked_again_at_the_next) {
    EXPECT_EXIT(import_again_after_one_that_could_not_be_looked_at(), testing::ExitedWithCode(0),
                "^probe pattern seen through the surface\n");
}

TEST_F(ImportByADriverThat, takes_an_unknown_modifier_twice_is_looked_at_once) {
    EXPECT_EXIT(import_twice_by_an_unknown_modifier(), testing::ExitedWithCode(0),
                "^this layout was imported before: not verified: how the pixels");
}

TEST_F(ImportByADriverThat, has_no_config_is_taken_at_its_word) {
    EXPECT_EXIT(import_by_driver("no config", nv12(320, 576, kRows)), testing::ExitedWithCode(0),
                "probe pattern seen through the surface");
}

TEST_F(ImportByADriverThat, has_no_video_processing_is_asked_of_another_config) {
    EXPECT_EXIT(import_by_driver("only encoding", nv12(320, 576, kRows)),
                testing::ExitedWithCode(static_cast<int>(Errc::unsupported)),
                "lists no memory type DRM_PRIME_2");
}

}  // namespace
}  // namespace mrda::vaapi
