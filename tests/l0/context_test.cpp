// SPDX-License-Identifier: MIT
#include "mrda/l0/context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "interop/temp_files.h"
#include "support/platform.h"

namespace mrda::l0 {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr PciAddress kNobodysAddress{0xfff0, 0x7e, 0x1f, 7};

class ContextTest : public test::DeviceTest {};

TEST_F(ContextTest, every_device_is_listed_by_its_place_in_the_list) {
    const auto devices = Context::list_devices();
    ASSERT_TRUE(devices.ok()) << to_string(devices.error());
    ASSERT_FALSE(devices->empty());
    for (std::uint32_t i = 0; i < devices->size(); ++i) {
        EXPECT_EQ((*devices)[i].index, i);
        EXPECT_FALSE((*devices)[i].name.empty());
        EXPECT_GT((*devices)[i].max_allocation_bytes, 0U);
    }
}

TEST_F(ContextTest, a_device_opened_by_index_is_the_one_listed_there) {
    const auto devices = Context::list_devices();
    ASSERT_TRUE(devices.ok());
    for (const DeviceInfo& listed : *devices) {
        const auto opened = Context::open(listed.index);
        ASSERT_TRUE(opened.ok()) << to_string(opened.error());
        EXPECT_EQ(opened->info().name, listed.name);
        EXPECT_EQ(opened->info().index, listed.index);
        EXPECT_EQ(opened->info().pci, listed.pci);
        EXPECT_NE(opened->handle(), nullptr);
        EXPECT_NE(opened->device(), nullptr);
        EXPECT_NE(opened->driver(), nullptr);
    }
}

TEST_F(ContextTest, a_device_opened_by_its_address_has_that_address) {
    MRDA_ONLY_ON(gpu, "the software device has no PCI address");
    ASSERT_TRUE(context_->info().pci.has_value());
    const auto opened = Context::open(*context_->info().pci);
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    EXPECT_EQ(opened->info().pci, context_->info().pci);
}

TEST_F(ContextTest, an_index_past_the_end_is_not_found_and_the_count_is_named) {
    const auto devices = Context::list_devices();
    ASSERT_TRUE(devices.ok());
    const auto opened = Context::open(static_cast<std::uint32_t>(devices->size()));
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, Errc::not_found);
    EXPECT_THAT(opened.error().message, HasSubstr("there are " + std::to_string(devices->size())));
}

TEST_F(ContextTest, an_address_that_is_not_there_is_not_found_and_what_is_there_is_listed) {
    const auto opened = Context::open(kNobodysAddress);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, Errc::not_found);
    EXPECT_THAT(opened.error().message, HasSubstr("fff0:7e:1f.7"));
    EXPECT_THAT(opened.error().message, HasSubstr(context_->info().name));
}

TEST_F(ContextTest, the_software_device_says_what_it_can_and_that_it_sits_nowhere) {
    MRDA_ONLY_ON(software, "it is about the software device");
    EXPECT_FALSE(context_->info().pci.has_value());
    EXPECT_TRUE(context_->info().exports_dma_buf);
    EXPECT_TRUE(context_->info().imports_dma_buf);
}

TEST_F(ContextTest, describe_states_what_the_device_says_of_export_and_import) {
    PathFacts facts;
    context_->describe(facts);
    EXPECT_EQ(facts.export_dma_buf.has_value(), !context_->info().exports_dma_buf);
    EXPECT_EQ(facts.import_usm.has_value(), !context_->info().imports_dma_buf);
}

TEST_F(ContextTest, contexts_come_and_go_without_a_trace) {
    ASSERT_TRUE(test::open_context().ok());
    const auto before = test::process_counts();
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(test::open_context().ok());
    }
    EXPECT_EQ(test::process_counts(), before);
}

/// The loader reads its environment once in a process, so each of these asks in one of its own.
class ContextWithout : public testing::Test {
  protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

    /// Lists devices with the loader pointed at `driver` alone, and ends with the Errc's number.
    [[noreturn]] static void list_with(const std::string& driver) {
        ::setenv("ZE_ENABLE_ALT_DRIVERS", driver.c_str(), 1);
        const auto devices = Context::list_devices();
        if (devices.ok()) {
            std::_Exit(100);
        }
        std::fprintf(stderr, "%s\n", to_string(devices.error()).c_str());
        std::_Exit(static_cast<int>(devices.error().code));
    }

    static constexpr int kNotFound = static_cast<int>(Errc::not_found);
};

TEST_F(ContextWithout, a_driver_file_the_error_names_the_file_and_the_mend) {
    EXPECT_EXIT(list_with("/nowhere/libze_absent.so"), testing::ExitedWithCode(kNotFound),
                "ZE_ENABLE_ALT_DRIVERS=/nowhere/libze_absent.so.*install intel-opencl-icd");
}

TEST_F(ContextWithout, a_driver_in_the_file_the_error_names_the_file_and_the_mend) {
    const TempDir dir;
    const std::string garbage = dir.file("libze_garbage.so", "this is no shared object");
    EXPECT_EXIT(list_with(garbage), testing::ExitedWithCode(kNotFound),
                "libze_garbage.so.*install intel-opencl-icd");
}

}  // namespace
}  // namespace mrda::l0
