// SPDX-License-Identifier: MIT
// One memory on both sides: Level Zero's USM is the surface, on whichever drivers are beneath.
#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cinttypes>
#include <cstdio>

#include "l0/device_bytes.h"
#include "mrda/l0/usm.h"
#include "mrda/vaapi/image.h"
#include "mrda/vaapi/import.h"
#include "support/platform.h"
#include "vaapi/frame_memory.h"

namespace mrda::vaapi {
namespace {

using ::testing::HasSubstr;

class ChainTest : public test::DisplayTest {
  protected:
    void SetUp() override {
        DisplayTest::SetUp();
        auto opened = test::open_context();
        ASSERT_TRUE(opened.ok()) << to_string(opened.error());
        context_ = std::move(*opened);
    }
    l0::UsmBuffer new_usm() {
        auto made = l0::UsmBuffer::allocate(*context_, l0::UsmKind::device, layout_.size_bytes(),
                                            l0::Exportable::dma_buf);
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        return std::move(*made);
    }

    const FrameLayout layout_ = *FrameLayout::linear(DRM_FORMAT_NV12, 1280, 720);
    std::optional<l0::Context> context_;
};

TEST_F(ChainTest, what_one_side_writes_the_other_reads) {
    l0::UsmBuffer usm = new_usm();
    const auto buffer = usm.export_dma_buf();
    ASSERT_TRUE(buffer.ok()) << to_string(buffer.error());
    const auto imported = import_surface(*display_, {&*buffer, nullptr, 0}, layout_);
    ASSERT_TRUE(imported.ok()) << to_string(imported.error());
    EXPECT_EQ(imported->verification, "probe pattern seen through the surface");
    const auto bytes = test::pattern(layout_.size_bytes(), 1);
    test::write_bytes(*context_, usm.data(), bytes);
    CopyLedger ledger;
    {
        const auto image = MappedImage::map(imported->surface, ledger);
        ASSERT_TRUE(image.ok()) << to_string(image.error());
        ASSERT_TRUE(image->writes_through());
        MRDA_NEEDS_PIXELS("the bytes are copied into the USM");
        const PlaneLayout& chroma = layout_.planes()[1];
        EXPECT_EQ(image->plane(0)[9], bytes[9]);
        EXPECT_EQ(image->plane(1)[11], bytes[chroma.offset_bytes + 11]);
        image->plane(0)[9] = ~bytes[9];
    }
    EXPECT_EQ(test::read_bytes(*context_, usm.data(), 10)[9], ~bytes[9]);
    EXPECT_EQ(ledger.total_bytes(), 0U);
}

TEST_F(ChainTest, the_surface_stands_on_the_usms_own_object) {
    l0::UsmBuffer usm = new_usm();
    const auto buffer = usm.export_dma_buf();
    ASSERT_TRUE(buffer.ok());
    const auto imported = import_surface(*display_, {&*buffer, nullptr, 0}, layout_);
    ASSERT_TRUE(imported.ok());
    const auto exported = imported->surface.export_dma_buf();
    ASSERT_TRUE(exported.ok()) << to_string(exported.error());
    EXPECT_EQ(exported->object.identity(), buffer->identity());
}

TEST_F(ChainTest, each_format_is_imported_as_it_lies_or_refused_in_words) {
    for (const PixelFormat& format : pixel_formats()) {
        SCOPED_TRACE(std::string(format.name));
        const auto layout = FrameLayout::linear(format.drm_fourcc, 640, 384);
        ASSERT_TRUE(layout.ok());
        auto usm = l0::UsmBuffer::allocate(*context_, l0::UsmKind::device, layout->size_bytes(),
                                           l0::Exportable::dma_buf);
        ASSERT_TRUE(usm.ok());
        const auto buffer = usm->export_dma_buf();
        ASSERT_TRUE(buffer.ok());
        const auto imported = import_surface(*display_, {&*buffer, nullptr, 0}, *layout);
        if (imported.ok()) {
            EXPECT_EQ(imported->verification, "probe pattern seen through the surface");
        } else {
            EXPECT_EQ(test::platform(), Platform::gpu);
            EXPECT_THAT(imported.error().message, HasSubstr(std::string(format.name)));
        }
    }
}

TEST_F(ChainTest, host_pages_are_imported_whatever_is_left_of_the_last_one) {
    const auto layout = *FrameLayout::linear(DRM_FORMAT_NV12, 320, 180);
    ASSERT_NE(layout.size_bytes() % 4096, 0U);
    const test::FrameMemory memory(layout.size_bytes());
    PathFacts facts;
    display_->describe(facts);
    if (facts.import_user_ptr) {
        GTEST_SKIP() << *facts.import_user_ptr;
    }
    const auto imported = import_surface(*display_, {nullptr, memory.frame(), layout.size_bytes()},
                                         layout, Route::user_ptr);
    ASSERT_TRUE(imported.ok()) << to_string(imported.error());
    EXPECT_EQ(imported->verification, "probe pattern seen through the surface");
    EXPECT_TRUE(memory.untouched());
}

TEST_F(ChainTest, a_surface_of_the_drivers_own_becomes_usm_unless_it_is_tiled) {
    const auto surface = Surface::allocate(*display_, DRM_FORMAT_NV12, 640, 384);
    ASSERT_TRUE(surface.ok()) << to_string(surface.error());
    const auto exported = surface->export_dma_buf();
    ASSERT_TRUE(exported.ok()) << to_string(exported.error());
    const std::uint64_t modifier = exported->layout.modifier();
    const auto usm = l0::UsmBuffer::import(*context_, exported->object, modifier);
    if (exported->layout.is_linear()) {
        ASSERT_TRUE(usm.ok()) << to_string(usm.error());
        EXPECT_EQ(usm->size_bytes(), exported->object.size_bytes());
        return;
    }
    ASSERT_FALSE(usm.ok());
    EXPECT_EQ(usm.error().code, Errc::unsupported);
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), "0x%016" PRIx64, modifier);
    EXPECT_THAT(usm.error().message, HasSubstr(name.data()));
}

TEST_F(ChainTest, a_memfd_is_refused_by_name_on_a_gpu) {
    MRDA_ONLY_ON(gpu, "the software driver takes a memfd");
    const test::FrameMemory memory(layout_.size_bytes());
    const auto imported =
        import_surface(*display_, {&memory.buffer(), nullptr, 0}, layout_, Route::prime_2);
    ASSERT_FALSE(imported.ok());
    EXPECT_THAT(imported.error().message, HasSubstr("memfd"));
}

TEST_F(ChainTest, made_and_ended_500_times_leaves_no_descriptor_and_no_mapping) {
    const auto cycle = [&] {
        l0::UsmBuffer usm = new_usm();
        const auto buffer = usm.export_dma_buf();
        ASSERT_TRUE(buffer.ok());
        const auto imported = import_surface(*display_, {&*buffer, nullptr, 0}, layout_);
        ASSERT_TRUE(imported.ok()) << to_string(imported.error());
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
