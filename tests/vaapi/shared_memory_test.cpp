// SPDX-License-Identifier: MIT
#include "mrda/vaapi/shared_memory.h"

#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/platform.h"
#include "vaapi/frame_memory.h"

namespace mrda::vaapi {
namespace {

using test::FrameMemory;
using ::testing::HasSubstr;

class SharedMemoryTest : public test::DisplayTest {
  protected:
    void SetUp() override {
        MRDA_ONLY_ON(software, "the memory is a memfd");
        DisplayTest::SetUp();
    }

    static constexpr std::size_t kOffsetBytes = 8192;
    FrameLayout layout_ = *FrameLayout::linear(DRM_FORMAT_NV12, 320, 192);
    FrameMemory memory_{layout_.size_bytes(), kOffsetBytes};
    SharedMemory both_{memory_.buffer().fd(), kOffsetBytes, memory_.frame(), layout_.size_bytes()};
};

TEST_F(SharedMemoryTest, with_an_object_is_imported_by_it_and_the_descriptor_stays_the_callers) {
    const auto before = test::process_counts();
    {
        const auto imported = import_shared(*display_, both_, layout_);
        ASSERT_TRUE(imported.ok()) << to_string(imported.error());
        EXPECT_EQ(imported->path.route, Route::prime_2);
        EXPECT_EQ(imported->verification, "probe pattern seen through the surface");
    }
    EXPECT_EQ(test::process_counts(), before);
    EXPECT_TRUE(memory_.untouched());
}

TEST_F(SharedMemoryTest, without_an_object_is_imported_by_its_pages_and_the_report_says_why) {
    both_.fd = -1;
    const auto imported = import_shared(*display_, both_, layout_);
    ASSERT_TRUE(imported.ok()) << to_string(imported.error());
    EXPECT_EQ(imported->path.route, Route::user_ptr);
    EXPECT_THAT(imported->path.to_string(), HasSubstr("the memory has no object to import"));
}

TEST_F(SharedMemoryTest, without_either_is_refused) {
    const auto imported = import_shared(*display_, {}, layout_);
    ASSERT_FALSE(imported.ok());
    EXPECT_EQ(imported.error().code, Errc::invalid_argument);
    EXPECT_THAT(imported.error().message, HasSubstr("the memory has no object to import"));
}

TEST_F(SharedMemoryTest, smaller_than_the_frame_is_refused_though_the_object_is_large_enough) {
    both_.size_bytes -= 1;
    const auto imported = import_shared(*display_, both_, layout_);
    ASSERT_FALSE(imported.ok());
    EXPECT_EQ(imported.error().code, Errc::invalid_argument);
    EXPECT_THAT(imported.error().message, HasSubstr(std::to_string(layout_.size_bytes())));
}

}  // namespace
}  // namespace mrda::vaapi
