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
    EXPECT_FALSE(make_private_dir(dir / "link").ok());
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
