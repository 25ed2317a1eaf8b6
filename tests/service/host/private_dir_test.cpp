// SPDX-License-Identifier: MIT
#include "private_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "temp_dir.h"

namespace mrda::service {
namespace {

mode_t mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777U;
}

TEST(PrivateDir, is_made_with_what_is_above_it_and_refused_where_it_is_open) {
    TempDir dir;
    EXPECT_TRUE(make_private_dir(dir / "a/b/c").ok());
    EXPECT_EQ(mode_of(dir / "a/b/c"), 0700U);
    ASSERT_EQ(::chmod((dir / "a/b/c").c_str(), 0750), 0);
    const auto refused = make_private_dir(dir / "a/b/c");
    EXPECT_EQ(refused.error().code, Errc::permission_denied);
    EXPECT_NE(refused.error().message.find("chmod go= "), std::string::npos);
}

TEST(PrivateDir, of_ones_own_may_be_looked_into_and_not_changed) {
    TempDir dir;
    EXPECT_TRUE(make_own_dir(dir / "a").ok());
    ASSERT_EQ(::chmod((dir / "a").c_str(), 0711), 0);
    EXPECT_TRUE(make_own_dir(dir / "a").ok());
    ASSERT_EQ(::chmod((dir / "a").c_str(), 0777), 0);
    const auto refused = make_own_dir(dir / "a");
    EXPECT_EQ(refused.error().code, Errc::permission_denied);
    EXPECT_NE(refused.error().message.find("chmod go-w "), std::string::npos);
}

TEST(PrivateDir, by_a_symbolic_link_is_refused) {
    TempDir dir;
    ASSERT_TRUE(make_private_dir(dir / "a").ok());
    std::filesystem::create_directory_symlink(dir / "a", dir / "link");
    for (const char* const link : {"link", "link/", "link/.", "link//"}) {
        EXPECT_FALSE(make_private_dir(dir / link).ok()) << link;
        EXPECT_FALSE(make_own_dir(dir / link).ok()) << link;
    }
}

TEST(PrivateDir, of_ones_own_is_made_alone_and_what_is_above_is_not) {
    TempDir dir;
    EXPECT_EQ(make_own_dir(dir / "a/b").error().code, Errc::not_found);
    EXPECT_FALSE(std::filesystem::exists(dir / "a"));
}

TEST(PrivateDir, is_safe_to_go_to_where_nobody_else_can_change_the_way) {
    TempDir dir;
    ASSERT_TRUE(make_private_dir(dir / "open/inner").ok());
    EXPECT_TRUE(check_way_to(dir / "open/inner").ok()) << "/tmp is sticky";
    std::filesystem::create_directory_symlink(dir / "open", dir / "link");
    EXPECT_TRUE(check_way_to(dir / "link/inner").ok()) << "one's own link";
    ASSERT_EQ(::chmod((dir / "open").c_str(), 0777), 0);
    for (const char* const way : {"open/inner", "link/inner"}) {
        const auto refused = check_way_to(dir / way);
        ASSERT_FALSE(refused.ok()) << way;
        EXPECT_EQ(refused.error().code, Errc::permission_denied);
        EXPECT_NE(refused.error().message.find("chmod go-w " + (dir / "open")), std::string::npos)
            << refused.error().message;
    }
    ASSERT_EQ(::chmod((dir / "open").c_str(), 01777), 0);
    EXPECT_TRUE(check_way_to(dir / "open/inner").ok());
    if (::chown((dir / "open").c_str(), 65534, 65534) == 0) {
        EXPECT_NE(check_way_to(dir / "open/inner").error().message.find("is user 65534's"),
                  std::string::npos);
    }
}

TEST(PrivateDir, is_called_the_same_from_wherever_it_is_looked_at) {
    EXPECT_EQ(absolute_dir("/a/./b/../c//").value(), "/a/c");
    EXPECT_EQ(absolute_dir("/").value(), "/");
    EXPECT_TRUE(lies_in("/a", "/a") && lies_in("/a/b", "/a") && lies_in("/a", "/"));
    EXPECT_FALSE(lies_in("/ab", "/a") || lies_in("/", "/a"));
    EXPECT_EQ(absolute_dir("x/").value(), (std::filesystem::current_path() / "x").string());
}

TEST(PrivateDir, of_another_user_is_refused) {
    TempDir dir;
    ASSERT_TRUE(make_private_dir(dir / "a").ok());
    if (::chown((dir / "a").c_str(), 65534, 65534) != 0) {
        GTEST_SKIP() << "only root gives a folder away";
    }
    const auto refused = make_private_dir(dir / "a");
    EXPECT_EQ(refused.error().code, Errc::permission_denied);
    EXPECT_NE(refused.error().message.find("belongs to user 65534"), std::string::npos);
}

}  // namespace
}  // namespace mrda::service
