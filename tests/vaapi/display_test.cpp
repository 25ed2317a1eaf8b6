// SPDX-License-Identifier: MIT
#include "mrda/vaapi/display.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "interop/temp_files.h"
#include "support/platform.h"

namespace mrda::vaapi {
namespace {

using ::testing::HasSubstr;

class DisplayTest : public test::DisplayTest {};

TEST_F(DisplayTest, tells_its_platform_version_and_driver) {
    EXPECT_EQ(display_->platform(), test::platform());
    EXPECT_NE(display_->handle(), nullptr);
    EXPECT_EQ(display_->major_version(), 1);
    EXPECT_GE(display_->minor_version(), 14);
    EXPECT_FALSE(display_->vendor().empty());
    EXPECT_EQ(display_->node().empty(), test::platform() == Platform::software);
}

TEST_F(DisplayTest, takes_prime_2) {
    PathFacts facts;
    display_->describe(facts);
    EXPECT_EQ(facts.import_prime_2, std::nullopt);
}

TEST_F(DisplayTest, on_software_takes_all_three_memory_types) {
    MRDA_ONLY_ON(software, "what a GPU's driver takes is its own affair");
    PathFacts facts;
    display_->describe(facts);
    EXPECT_EQ(facts.import_prime_2, std::nullopt);
    EXPECT_EQ(facts.import_prime, std::nullopt);
    EXPECT_EQ(facts.import_user_ptr, std::nullopt);
    EXPECT_THAT(display_->vendor(), HasSubstr("MRDA"));
}

TEST_F(DisplayTest, assigned_to_another_ends_that_one) {
    const auto before = test::process_counts();
    {
        auto second = test::open_display();
        auto third = test::open_display();
        ASSERT_TRUE(second.ok() && third.ok());
        const VADisplay handle = third->handle();
        *second = std::move(*third);
        EXPECT_EQ(second->handle(), handle);
        PathFacts facts;
        second->describe(facts);
        EXPECT_EQ(facts.import_prime_2, std::nullopt);
    }
    EXPECT_EQ(test::process_counts(), before);
}

TEST_F(DisplayTest, at_no_address_is_the_software_drivers_where_libva_was_pointed_at_it) {
    MRDA_ONLY_ON(software, "libva is pointed at its driver");
    const auto display = Display::open_at("");
    ASSERT_TRUE(display.ok()) << to_string(display.error());
    EXPECT_EQ(display->platform(), Platform::software);
    EXPECT_EQ(display->pci(), std::nullopt);
}

TEST_F(DisplayTest, opened_and_closed_a_hundred_times_leaves_no_descriptor_and_no_mapping) {
    ASSERT_TRUE(test::open_display().ok());
    const auto before = test::process_counts();
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(test::open_display().ok());
    }
    EXPECT_EQ(test::process_counts(), before);
}

TEST(DisplayOfANode, that_is_not_usable_is_refused_in_the_nodes_own_words) {
    const auto display =
        Display::open(RenderNode{"/dev/dri/renderD128", "i915", {}, "it is closed"});
    ASSERT_FALSE(display.ok());
    EXPECT_EQ(display.error().code, Errc::permission_denied);
    EXPECT_EQ(display.error().message, "it is closed");
}

TEST(DisplayOfANode, that_is_not_there_is_refused_naming_it) {
    const auto display = Display::open(RenderNode{"/nowhere/renderD128", "i915", {}, {}});
    ASSERT_FALSE(display.ok());
    EXPECT_EQ(display.error().code, Errc::not_found);
    EXPECT_THAT(display.error().message, HasSubstr("/nowhere/renderD128"));
}

TEST(DisplayOfANode, that_is_no_render_node_is_refused_naming_it) {
    const auto display = Display::open(RenderNode{"/dev/null", "i915", {}, {}});
    ASSERT_FALSE(display.ok());
    EXPECT_EQ(display.error().code, Errc::unsupported);
    EXPECT_THAT(display.error().message, HasSubstr("/dev/null"));
}

TEST(DisplayAtAnAddress, that_is_none_is_refused_naming_it) {
    const auto display = Display::open_at("a graphics card");
    ASSERT_FALSE(display.ok());
    EXPECT_EQ(display.error().code, Errc::invalid_argument);
    EXPECT_THAT(display.error().message, HasSubstr("a graphics card"));
}

TEST(DisplayAtAnAddress, where_no_device_is_is_not_found) {
    const auto display = Display::open_at("ffff:ff:1f.7");
    ASSERT_FALSE(display.ok());
    EXPECT_EQ(display.error().code, Errc::not_found);
}

/// In a process of its own: the environment is every thread's.
[[noreturn]] void open_with(const std::string& drivers_path) {
    ::setenv("LIBVA_DRIVERS_PATH", drivers_path.c_str(), 1);
    const auto display = Display::open_software();
    if (display.ok()) {
        std::_Exit(100);
    }
    std::fprintf(stderr, "%s\n", to_string(display.error()).c_str());
    std::_Exit(static_cast<int>(display.error().code));
}

TEST(DisplayWithout, a_driver_file_the_error_names_where_it_was_looked_for) {
    EXPECT_EXIT(open_with("/nowhere"), testing::ExitedWithCode(static_cast<int>(Errc::not_found)),
                "LIBVA_DRIVERS_PATH=/nowhere");
}

TEST(DisplayWithout, a_driver_in_the_file_the_error_names_where_it_was_looked_for) {
    const TempDir dir;
    static_cast<void>(dir.file("mrda_drv_video.so", "this is no shared object"));
    EXPECT_EXIT(open_with(dir.path()), testing::ExitedWithCode(static_cast<int>(Errc::not_found)),
                "LIBVA_DRIVERS_PATH=" + dir.path());
}

}  // namespace
}  // namespace mrda::vaapi
