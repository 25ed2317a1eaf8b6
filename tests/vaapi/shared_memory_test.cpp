// SPDX-License-Identifier: MIT
#include "mrda/vaapi/shared_memory.h"

#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/kernel_dma_buf.h"
#include "support/memfd.h"
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

    static SharedMemory slot_of(const FrameMemory& memory) {
        return {memory.buffer().fd(), kOffsetBytes, memory.frame(), memory.buffer().size_bytes()};
    }

    static constexpr std::size_t kOffsetBytes = 8192;
    FrameLayout layout_ = *FrameLayout::linear(DRM_FORMAT_NV12, 320, 192);
    FrameMemory memory_{layout_.size_bytes(), kOffsetBytes};
    SharedMemory both_ = slot_of(memory_);
    FrameMemory whole_pages_{24 * 4096, kOffsetBytes};  // As the service's slots are.
};

TEST_F(SharedMemoryTest, with_an_object_is_imported_by_it_and_the_descriptor_stays_the_callers) {
    const auto before = test::process_counts();
    {
        const auto imported = import_shared(*display_, both_, layout_);
        ASSERT_TRUE(imported.ok()) << to_string(imported.error());
        EXPECT_EQ(imported->import.path.route, Route::prime_2);
        EXPECT_EQ(imported->import.verification, "probe pattern seen through the surface");
    }
    EXPECT_EQ(test::process_counts(), before);
    EXPECT_TRUE(memory_.untouched());
}

TEST_F(SharedMemoryTest, without_an_object_is_imported_by_its_pages_and_the_report_says_why) {
    both_.fd = -1;
    const auto imported = import_shared(*display_, both_, layout_);
    ASSERT_TRUE(imported.ok()) << to_string(imported.error());
    EXPECT_EQ(imported->import.path.route, Route::user_ptr);
    EXPECT_THAT(imported->import.path.to_string(), HasSubstr("the memory has no object to import"));
}

TEST_F(SharedMemoryTest, that_can_shrink_is_imported_by_its_pages_alone_and_the_report_says_why) {
    const Fd file = test::unsealed_memfd(kOffsetBytes + layout_.size_bytes());
    both_.fd = file.get();
    const auto imported = import_shared(*display_, both_, layout_);
    ASSERT_TRUE(imported.ok()) << to_string(imported.error());
    EXPECT_EQ(imported->import.path.route, Route::user_ptr);
    EXPECT_THAT(imported->remark, HasSubstr("by userptr"));
    EXPECT_THAT(imported->remark, HasSubstr("F_SEAL_SHRINK"));
}

TEST_F(SharedMemoryTest, is_imported_as_the_memfd_itself_where_the_kernel_makes_no_dma_buf) {
    if (::access("/dev/udmabuf", F_OK) == 0) {
        GTEST_SKIP() << "this kernel has /dev/udmabuf";
    }
    const auto imported = import_shared(*display_, slot_of(whole_pages_), layout_);
    ASSERT_TRUE(imported.ok()) << to_string(imported.error());
    const auto object = imported->import.surface.export_dma_buf();
    ASSERT_TRUE(object.ok()) << to_string(object.error());
    EXPECT_EQ(object->object.identity(), whole_pages_.buffer().identity());
    EXPECT_EQ(imported->remark, "");
}

class KernelSharedMemoryTest : public SharedMemoryTest {
  protected:
    void SetUp() override {
        MRDA_NEEDS_NODE("/dev/udmabuf");
        SharedMemoryTest::SetUp();
    }
};

TEST_F(KernelSharedMemoryTest, is_imported_as_a_dma_buf_and_the_report_says_so) {
    const auto before = test::process_counts();
    {
        const auto imported = import_shared(*display_, slot_of(whole_pages_), layout_);
        ASSERT_TRUE(imported.ok()) << to_string(imported.error());
        EXPECT_EQ(imported->import.path.route, Route::prime_2);
        EXPECT_EQ(imported->import.verification, "probe pattern seen through the surface");
        EXPECT_EQ(imported->remark, "by a DMA-BUF of udmabuf");
        const auto object = imported->import.surface.export_dma_buf();
        ASSERT_TRUE(object.ok()) << to_string(object.error());
        EXPECT_EQ(test::kernel_exporter_of(object->object.fd()), "udmabuf");
    }
    EXPECT_EQ(test::process_counts(), before);
    EXPECT_TRUE(whole_pages_.untouched());
}

TEST_F(KernelSharedMemoryTest,
       that_ends_within_a_page_is_the_memfd_itself_and_the_report_says_why) {
    const auto imported = import_shared(*display_, both_, layout_);
    ASSERT_TRUE(imported.ok()) << to_string(imported.error());
    EXPECT_EQ(imported->import.path.route, Route::prime_2);
    EXPECT_THAT(imported->remark, HasSubstr("by the memfd itself"));
    EXPECT_THAT(imported->remark, HasSubstr("whole pages"));
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
