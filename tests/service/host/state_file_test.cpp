// SPDX-License-Identifier: MIT
#include "state_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "temp_dir.h"

namespace mrda::service {
namespace {

TEST(StateFile, is_read_back_and_open_to_nobody_else) {
    TempDir dir;
    ASSERT_TRUE(write_private_file(dir / "a", "first").ok());
    ASSERT_TRUE(write_private_file(dir / "a", "second").ok());
    EXPECT_EQ(read_private_file(dir / "a").value(), "second");
    struct stat status {};
    ASSERT_EQ(::stat((dir / "a").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_FALSE(read_private_file(dir / "none").value().has_value());
}

TEST(StateFile, several_are_replaced_together_or_not_at_all) {
    TempDir dir;
    ASSERT_TRUE(write_private_file(dir / "a", "first").ok());
    ASSERT_TRUE(write_private_files({{dir / "a", "second"}, {dir / "b", "second"}}).ok());
    EXPECT_EQ(read_private_file(dir / "a").value(), "second");
    EXPECT_EQ(read_private_file(dir / "b").value(), "second");
    const auto refused = [&](const std::string& last) {
        EXPECT_FALSE(write_private_files(
                         {{dir / "a", "3"}, {dir / "new", "3"}, {dir / "b", "3"}, {dir / last, ""}})
                         .ok());
        EXPECT_EQ(read_private_file(dir / "a").value(), "second");
        EXPECT_EQ(read_private_file(dir / "b").value(), "second");
        EXPECT_FALSE(read_private_file(dir / "new").value().has_value());
    };
    for (const char* spoilt : {"c.new", "c"}) {
        std::filesystem::create_directory(dir / spoilt);
        refused("c");
        std::filesystem::remove(dir / spoilt);
    }
    refused("b");  // Its next text is gone when it is replaced a second time.
    std::vector<std::string> left;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
        left.push_back(entry.path().filename());
    }
    std::sort(left.begin(), left.end());
    EXPECT_EQ(left, (std::vector<std::string>{"a", "b"})) << "nothing else is left behind";
}

TEST(StateFile, one_that_others_can_read_is_refused_by_name) {
    TempDir dir;
    ASSERT_TRUE(write_private_file(dir / "a", "secret").ok());
    ASSERT_EQ(::chmod((dir / "a").c_str(), 0640), 0);
    const auto read = read_private_file(dir / "a");
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, Errc::permission_denied);
    EXPECT_NE(read.error().message.find("chmod go="), std::string::npos);
}

TEST(StateFile, a_symbolic_link_is_not_followed) {
    TempDir dir;
    ASSERT_TRUE(write_private_file(dir / "a", "secret").ok());
    std::filesystem::create_symlink(dir / "a", dir / "link");
    EXPECT_FALSE(read_private_file(dir / "link").ok());
}

TEST(StateFile, a_folder_is_locked_once) {
    TempDir dir;
    auto first = lock_dir(dir.path());
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(lock_dir(dir.path()).error().code, Errc::busy);
    first->reset();
    EXPECT_TRUE(lock_dir(dir.path()).ok());
}

TEST(StateFile, the_epoch_grows_by_one_and_nonsense_is_named) {
    TempDir dir;
    EXPECT_EQ(next_epoch(dir.path()).value(), 1U);
    EXPECT_EQ(next_epoch(dir.path()).value(), 2U);
    ASSERT_TRUE(write_private_file(dir / "epoch", "x\n").ok());
    EXPECT_EQ(next_epoch(dir.path()).error().code, Errc::corrupt);
}

TEST(StateFile, tokens_differ_and_compare) {
    const auto first = random_token().value();
    const auto second = random_token().value();
    EXPECT_EQ(first.size(), 64U);
    EXPECT_NE(first, second);
    EXPECT_TRUE(equal_in_constant_time(first, first));
    EXPECT_FALSE(equal_in_constant_time(first, second));
    EXPECT_FALSE(equal_in_constant_time(first, first.substr(1)));
    EXPECT_FALSE(equal_in_constant_time("a", "b"));
}

}  // namespace
}  // namespace mrda::service
