// SPDX-License-Identifier: MIT
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

void expect_refused(const std::string& directory, const std::string& name, Errc code,
                    const std::string& named) {
    const auto loaded = LoadedPlugin::load(directory, name);
    ASSERT_FALSE(loaded.ok()) << name << " was loaded";
    EXPECT_EQ(loaded.error().code, code) << loaded.error().message;
    EXPECT_THAT(to_string(loaded.error()), HasSubstr(named));
}

TEST(MediaPlugin, a_good_one_is_loaded_and_kept_by_its_sessions) {
    const auto plugin = LoadedPlugin::load(MRDA_PLUGIN_DIR, "copy");
    ASSERT_TRUE(plugin.ok()) << to_string(plugin.error());
    EXPECT_STREQ((*plugin)->table().name, "copy");
    const auto kinds = kinds_of((*plugin)->table());
    ASSERT_EQ(kinds.size(), 1U);
    EXPECT_STREQ(kinds[0]->codecs[0], "copy");
    EXPECT_EQ(kinds[0]->inputs[0].bits_per_pixel, 12U);
}

TEST(MediaPlugin, a_name_that_could_be_a_path_is_refused) {
    for (const char* name : {"", "../copy", "copy.so", "Copy", "a/b", "a b", "\xff"}) {
        expect_refused(MRDA_PLUGIN_DIR, name, Errc::invalid_argument, "letters a-z");
    }
    expect_refused(MRDA_PLUGIN_DIR, std::string(65, 'a'), Errc::invalid_argument, "letters a-z");
}

TEST(MediaPlugin, one_that_is_not_there_is_not_found_by_its_path) {
    expect_refused(MRDA_PLUGIN_DIR, "nothing", Errc::not_found, "libmrda_nothing.so");
    expect_refused("/nowhere", "copy", Errc::not_found, "/nowhere");
}

TEST(MediaPlugin, what_is_no_shared_object_or_has_no_entry_is_no_plugin) {
    const TempDir dir;
    const std::string path = dir.file("libmrda_text.so", "not a shared object");
    expect_refused(dir.path(), "text", Errc::unsupported, path);
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "no-entry", Errc::unsupported, "mrda_plugin_entry");
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "no-table", Errc::unsupported, "returned nothing");
}

TEST(MediaPlugin, one_of_another_abi_is_refused_naming_both) {
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "newer-abi", Errc::unsupported,
                   "built for plugin ABI 4, this host has 3; take a newer MRDA");
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "older-abi", Errc::unsupported,
                   "built for plugin ABI 2, this host has 3; rebuild the plugin");
}

TEST(MediaPlugin, one_with_a_short_table_a_wrong_name_or_a_missing_function_is_refused) {
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "short", Errc::unsupported, "bytes, of at least");
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "other-name", Errc::unsupported, "another name");
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "missing", Errc::unsupported,
                   "its encoder lacks a mandatory function");
}

TEST(MediaPlugin, one_whose_sessions_do_not_say_what_they_take_is_refused) {
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "no-kind", Errc::unsupported,
                   "no sessions, units or devices");
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "short-kind", Errc::unsupported, "kind of session of");
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "no-format", Errc::unsupported, "codecs or formats");
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "no-memory", Errc::unsupported, "which memory");
}

TEST(MediaPlugin, one_whose_units_or_devices_cannot_be_used_is_refused) {
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "long-map", Errc::unsupported,
                   "register map of 4096 bytes, of less than 4096");
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "outside-map", Errc::unsupported,
                   "argument words of 8 bytes at offset 12 of a register map of 16");
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "no-code", Errc::unsupported, "has no code");
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "no-flight", Errc::unsupported, "no item in flight");
    expect_refused(MRDA_BROKEN_PLUGIN_DIR, "half-device", Errc::unsupported,
                   "its devices lack a mandatory function");
}

/// The copy plugin, where its rights can be changed.
class MediaPluginRights : public testing::Test {
  protected:
    void SetUp() override {
        std::filesystem::copy_file(std::string(MRDA_PLUGIN_DIR) + "/libmrda_copy.so", file());
        ASSERT_EQ(::chmod(file().c_str(), 0700), 0);
        ASSERT_TRUE(LoadedPlugin::load(dir_.path(), "copy").ok());
    }
    [[nodiscard]] std::string file() const { return dir_.path() + "/libmrda_copy.so"; }

    TempDir dir_;
};

TEST_F(MediaPluginRights, a_file_that_everybody_can_write_is_refused) {
    ASSERT_EQ(::chmod(file().c_str(), 0702), 0);
    expect_refused(dir_.path(), "copy", Errc::permission_denied, "chmod o-w");
}

TEST_F(MediaPluginRights, a_file_in_a_folder_that_everybody_can_write_is_refused) {
    ASSERT_EQ(::chmod(dir_.path().c_str(), 0707), 0);
    expect_refused(dir_.path(), "copy", Errc::permission_denied, dir_.path() + " can be written");
}

TEST_F(MediaPluginRights, a_file_that_another_group_can_write_is_refused) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can give a file to any group";
    }
    ASSERT_EQ(::chown(file().c_str(), 0, 12345), 0);
    ASSERT_EQ(::chmod(file().c_str(), 0770), 0);
    expect_refused(dir_.path(), "copy", Errc::permission_denied, "by group 12345");
    ASSERT_EQ(::chmod(file().c_str(), 0750), 0);
    EXPECT_TRUE(LoadedPlugin::load(dir_.path(), "copy").ok());
}

TEST_F(MediaPluginRights, a_file_of_another_user_is_refused) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can give a file away";
    }
    ASSERT_EQ(::chown(file().c_str(), 12345, 12345), 0);
    expect_refused(dir_.path(), "copy", Errc::permission_denied, "belongs to user 12345");
}

}  // namespace
}  // namespace mrda::media
