// SPDX-License-Identifier: MIT
#include "mrda/media/plugin_folders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "interop/temp_files.h"
#include "mrda/media/loaded_plugin.h"

namespace mrda::media {
namespace {

using testing::HasSubstr;

/// Two folders, to be looked through in this order.
class PluginFolders : public testing::Test {
  protected:
    [[nodiscard]] std::vector<std::string> folders() const {
        return {first_.path(), second_.path()};
    }
    static void put_copy(const TempDir& dir) {
        const std::string file = dir.path() + "/libmrda_copy.so";
        std::filesystem::copy_file(std::string(MRDA_PLUGIN_DIR) + "/libmrda_copy.so", file);
        ASSERT_EQ(::chmod(file.c_str(), 0700), 0);
    }
    static void expect_refused(const std::vector<std::string>& folders, Errc code,
                               const std::string& named) {
        const auto loaded = LoadedPlugin::load(folders, "copy");
        ASSERT_FALSE(loaded.ok());
        EXPECT_EQ(loaded.error().code, code) << loaded.error().message;
        EXPECT_THAT(loaded.error().message, HasSubstr(named));
    }

    TempDir first_;
    TempDir second_;
};

TEST_F(PluginFolders, the_first_folder_that_has_a_plugin_counts) {
    put_copy(second_);
    EXPECT_EQ(find_plugin(folders(), "copy").value(), second_.path());
    put_copy(first_);
    EXPECT_EQ(find_plugin(folders(), "copy").value(), first_.path());
    EXPECT_TRUE(LoadedPlugin::load(folders(), "copy").ok());
}

TEST_F(PluginFolders, a_plugin_that_none_has_is_not_found_and_all_are_named) {
    const auto found = find_plugin(folders(), "copy");
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, Errc::not_found);
    EXPECT_THAT(found.error().message, HasSubstr(first_.path() + ", " + second_.path()));
    EXPECT_THAT(find_plugin({}, "copy").error().message, HasSubstr("in no folder"));
}

TEST_F(PluginFolders, a_folder_that_is_not_there_is_passed_over) {
    put_copy(second_);
    EXPECT_TRUE(
        LoadedPlugin::load(std::vector{std::string("/nowhere"), second_.path()}, "copy").ok());
}

TEST_F(PluginFolders, a_name_that_could_be_a_path_is_refused_before_any_file_is_looked_at) {
    EXPECT_EQ(find_plugin(folders(), "../copy").error().code, Errc::invalid_argument);
}

TEST_F(PluginFolders, one_that_is_refused_in_the_first_is_not_taken_from_the_second) {
    put_copy(first_);
    put_copy(second_);
    ASSERT_EQ(::chmod((first_.path() + "/libmrda_copy.so").c_str(), 0702), 0);
    expect_refused(folders(), Errc::permission_denied, "chmod o-w");
}

TEST_F(PluginFolders, a_link_is_refused_where_others_can_write_what_it_leads_to) {
    put_copy(second_);
    const std::string link = first_.path() + "/link";
    std::filesystem::create_directory_symlink(second_.path(), link);
    EXPECT_TRUE(LoadedPlugin::load(std::vector{link}, "copy").ok());
    ASSERT_EQ(::chmod(second_.path().c_str(), 0707), 0);
    expect_refused({link}, Errc::permission_denied, second_.path() + " can be written");
}

TEST_F(PluginFolders, a_file_that_is_a_link_out_of_the_folder_is_refused_with_its_target) {
    put_copy(second_);
    std::filesystem::create_symlink(second_.path() + "/libmrda_copy.so",
                                    first_.path() + "/libmrda_copy.so");
    EXPECT_TRUE(LoadedPlugin::load(folders(), "copy").ok());
    ASSERT_EQ(::chmod(second_.path().c_str(), 0707), 0);
    expect_refused(folders(), Errc::permission_denied, second_.path() + " can be written");
}

TEST_F(PluginFolders, a_folder_within_one_that_others_can_write_is_refused_unless_that_is_sticky) {
    const std::string inner = first_.path() + "/inner";
    std::filesystem::create_directory(inner);
    std::filesystem::copy_file(std::string(MRDA_PLUGIN_DIR) + "/libmrda_copy.so",
                               inner + "/libmrda_copy.so");
    ASSERT_EQ(::chmod(inner.c_str(), 0755), 0);
    ASSERT_EQ(::chmod(first_.path().c_str(), 0777), 0);
    expect_refused({inner}, Errc::permission_denied, first_.path() + " can be written");
    ASSERT_EQ(::chmod(first_.path().c_str(), 01777), 0);
    EXPECT_TRUE(LoadedPlugin::load(std::vector{inner}, "copy").ok());
}

TEST_F(PluginFolders, a_folder_within_one_of_another_user_is_refused) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can give a folder away";
    }
    const std::string inner = first_.path() + "/inner";
    std::filesystem::create_directory(inner);
    std::filesystem::copy_file(std::string(MRDA_PLUGIN_DIR) + "/libmrda_copy.so",
                               inner + "/libmrda_copy.so");
    ASSERT_EQ(::chown(first_.path().c_str(), 12345, 12345), 0);
    expect_refused({inner}, Errc::permission_denied, "belongs to user 12345");
}

TEST_F(PluginFolders, a_folder_that_may_not_be_searched_is_named) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "root may search every folder";
    }
    put_copy(first_);
    ASSERT_EQ(::chmod(first_.path().c_str(), 0), 0);
    EXPECT_EQ(find_plugin(folders(), "copy").error().code, Errc::permission_denied);
    ASSERT_EQ(::chmod(first_.path().c_str(), 0700), 0);
}

TEST_F(PluginFolders, a_listing_has_all_in_order_names_what_is_shadowed_and_loads_nothing) {
    for (const char* name : {"libmrda_b.so", "libmrda_a.so", "libmrda_.so", "liba.so", "notes"}) {
        static_cast<void>(first_.file(name, "not a shared object"));
    }
    for (const char* name : {"libmrda_b.so", "libmrda_c.so"}) {
        static_cast<void>(second_.file(name));
    }
    const std::vector<std::string> all{first_.path(), second_.path(), "/nowhere"};
    const PluginListing listing = list_plugins(all);
    ASSERT_EQ(listing.plugins.size(), 4U);
    EXPECT_EQ(listing.plugins[0].name, "a");
    EXPECT_EQ(listing.plugins[1].name, "b");
    EXPECT_EQ(listing.plugins[1].shadowed_by, "");
    EXPECT_EQ(listing.plugins[2].name, "b");
    EXPECT_EQ(listing.plugins[2].folder, second_.path());
    EXPECT_EQ(listing.plugins[2].shadowed_by, first_.path());
    EXPECT_EQ(listing.plugins[3].name, "c");
    ASSERT_EQ(listing.refused.size(), 1U);
    EXPECT_EQ(listing.refused[0].folder, "/nowhere");
    EXPECT_THAT(listing.refused[0].why, HasSubstr("No such file"));
}

}  // namespace
}  // namespace mrda::media
