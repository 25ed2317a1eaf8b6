// SPDX-License-Identifier: MIT
#include "device_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "temp_dir.h"

namespace mrda::service {
namespace {

constexpr std::uint64_t kSize = 1 << 20;

TEST(DeviceFiles, one_file_is_one_region_by_whatever_name) {
    const TempDir dir;
    DeviceFiles files;
    const auto first = files.open(dir / "a", kSize, "vm", "vm");
    ASSERT_TRUE(first.ok()) << to_string(first.error());
    std::filesystem::create_hard_link(dir / "a", dir / "b");
    EXPECT_EQ(files.open(dir / "a", kSize, "vm", "vm").value(), *first);
    EXPECT_EQ(files.open(dir / "./a", kSize, "vm", "vm").value(), *first);
    EXPECT_EQ(files.open(dir / "b", kSize, "vm", "vm").value(), *first);
}

TEST(DeviceFiles, a_file_says_which_region_it_is_before_any_session) {
    const TempDir dir;
    DeviceFiles files;
    const auto made = files.open(dir / "a", kSize, "vm", "vm.in").value();
    ivshmem::RegionHeader header{};
    ASSERT_EQ(::pread(made->region.fd(), &header, sizeof header, 0),
              static_cast<ssize_t>(sizeof header));
    ASSERT_TRUE(ivshmem::is_region_header(header));
    EXPECT_EQ(ivshmem::region_name(header), "vm.in");
    EXPECT_EQ(header.id, made->id);
}

TEST(DeviceFiles, pages_in_use_are_not_given_out_again_after_reopening) {
    const TempDir dir;
    DeviceFiles files;
    const auto used = files.open(dir / "a", kSize, "vm", "vm").value();
    const auto extent = used->extents.allocate(4096);
    ASSERT_TRUE(extent.has_value());
    const auto again = files.open(dir / "a", kSize, "vm", "vm").value();
    EXPECT_NE(again->extents.allocate(4096)->offset_bytes, extent->offset_bytes);
}

TEST(DeviceFiles, another_vms_file_is_refused_by_name_until_that_vm_lets_go) {
    const TempDir dir;
    DeviceFiles files;
    auto theirs = files.open(dir / "a", kSize, "theirs", "theirs").value();
    std::filesystem::create_hard_link(dir / "a", dir / "b");
    const auto refused = files.open(dir / "b", kSize, "mine", "mine");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::busy);
    EXPECT_NE(refused.error().message.find("theirs"), std::string::npos);
    theirs.reset();
    EXPECT_TRUE(files.open(dir / "b", kSize, "mine", "mine").ok());
}

TEST(DeviceFiles, a_file_made_anew_under_an_old_name_is_another_region) {
    const TempDir dir;
    DeviceFiles files;
    const auto old = files.open(dir / "a", kSize, "vm", "vm").value();
    std::filesystem::remove(dir / "a");
    EXPECT_NE(files.open(dir / "a", kSize, "vm", "vm").value(), old);
}

}  // namespace
}  // namespace mrda::service
