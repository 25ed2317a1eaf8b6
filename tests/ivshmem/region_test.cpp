// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/region.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace mrda::ivshmem {
namespace {

class RegionTest : public testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/dev/shm/mrda_region_test_XXXXXX";
        ASSERT_NE(::mkdtemp(name), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string path(const char* name) const { return folder_ + "/" + name; }

    std::string folder_;
};

TEST_F(RegionTest, a_memfd_is_whole_pages_and_can_neither_shrink_nor_grow) {
    const auto region = Region::create_memfd("test", 5000);
    ASSERT_TRUE(region.ok());
    EXPECT_EQ(region->kind(), Region::Kind::memfd);
    EXPECT_EQ(region->size_bytes(), 8192U);
    EXPECT_EQ(::ftruncate(region->fd(), 4096), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(::ftruncate(region->fd(), 16384), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(::fcntl(region->fd(), F_ADD_SEALS, F_SEAL_WRITE), -1);
}

TEST_F(RegionTest, a_size_that_no_file_has_is_refused) {
    EXPECT_EQ(Region::create_memfd("test", 0).error().code, Errc::invalid_argument);
    EXPECT_EQ(Region::create_memfd("test", ~std::uint64_t{0}).error().code, Errc::invalid_argument);
}

TEST_F(RegionTest, a_file_that_cannot_have_its_size_is_not_left_behind) {
    const auto former_handler = ::signal(SIGXFSZ, SIG_IGN);
    rlimit former{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &former), 0);
    const rlimit small{.rlim_cur = 4096, .rlim_max = former.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto refused = Region::create_file(path("large"), 1U << 20);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &former), 0);
    static_cast<void>(::signal(SIGXFSZ, former_handler));
    EXPECT_FALSE(refused.ok());
    EXPECT_FALSE(std::filesystem::exists(path("large")));
}

TEST_F(RegionTest, a_file_is_its_owners_alone) {
    const auto region = Region::create_file(path("a"), 4096);
    ASSERT_TRUE(region.ok());
    EXPECT_EQ(region->kind(), Region::Kind::file);
    struct stat status {};
    ASSERT_EQ(::fstat(region->fd(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(Region::create_file(path("a"), 4096).error().code, Errc::busy);
}

TEST_F(RegionTest, the_same_file_opened_twice_is_one_object) {
    ASSERT_TRUE(Region::create_file(path("a"), 4096).ok());
    const auto first = Region::open_file(path("a"), ::getuid());
    const auto second = Region::open_file(path("a"), ::getuid());
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(first->identity(), second->identity());
}

TEST_F(RegionTest, what_is_no_plain_file_of_the_owner_is_refused_by_name) {
    ASSERT_TRUE(Region::create_file(path("a"), 4096).ok());
    EXPECT_EQ(Region::open_file(path("a"), ::getuid() + 1).error().code, Errc::permission_denied);
    std::filesystem::create_symlink(path("a"), path("link"));
    const auto link = Region::open_file(path("link"), ::getuid());
    ASSERT_FALSE(link.ok());
    EXPECT_EQ(link.error().code, Errc::permission_denied);
    EXPECT_NE(link.error().message.find("symbolic link"), std::string::npos);
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    EXPECT_EQ(Region::open_file(path("fifo"), ::getuid()).error().code, Errc::invalid_argument);
    ASSERT_EQ(::chmod(path("a").c_str(), 0602), 0);
    EXPECT_EQ(Region::open_file(path("a"), ::getuid()).error().code, Errc::permission_denied);
    EXPECT_EQ(Region::open_file(path("none"), ::getuid()).error().code, Errc::not_found);
}

TEST_F(RegionTest, an_unsealed_memfd_is_not_adopted) {
    Fd unsealed(::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    ASSERT_EQ(::ftruncate(unsealed.get(), 4096), 0);
    const auto refused = Region::adopt(std::move(unsealed));
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("F_SEAL_SHRINK"), std::string::npos);
}

TEST_F(RegionTest, a_sealed_memfd_and_a_file_are_adopted_as_what_they_are) {
    const auto region = Region::create_memfd("test", 4096);
    const auto memfd = Region::adopt(duplicate_fd(region->fd()).value());
    ASSERT_TRUE(memfd.ok());
    EXPECT_EQ(memfd->kind(), Region::Kind::memfd);
    const auto made = Region::create_file(path("a"), 4096);
    const auto file = Region::adopt(duplicate_fd(made->fd()).value());
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->kind(), Region::Kind::file);
    EXPECT_FALSE(Region::adopt(Fd(::open("/dev/null", O_RDWR | O_CLOEXEC))).ok());
    EXPECT_FALSE(Region::adopt(Fd()).ok());
}

TEST_F(RegionTest, only_whole_pages_within_are_mapped) {
    const auto region = Region::create_memfd("test", 8192);
    for (const Extent& extent :
         {Extent{4096, 8192}, Extent{8192, 4096}, Extent{0, 0}, Extent{1, 4096}, Extent{0, 100},
          Extent{~std::uint64_t{4095}, 8192}}) {
        EXPECT_FALSE(region->check_extent(extent).ok());
        EXPECT_FALSE(Mapping::map(region->fd(), extent).ok());
    }
    EXPECT_TRUE(Mapping::map(region->fd(), {4096, 4096}).ok());
}

TEST_F(RegionTest, two_mappings_show_the_same_bytes) {
    const auto region = Region::create_memfd("test", 8192);
    const auto first = Mapping::map(region->fd(), {0, 8192});
    const auto second = Mapping::map(region->fd(), {4096, 4096});
    first->data()[4096] = std::byte{7};
    EXPECT_EQ(second->data()[0], std::byte{7});
}

TEST_F(RegionTest, a_mapping_that_shows_another_region_keeps_its_place) {
    const auto old_region = Region::create_memfd("old", 4096);
    const auto new_region = Region::create_memfd("new", 4096);
    auto mapping = Mapping::map(old_region->fd(), {0, 4096});
    std::byte* const place = mapping->data();
    place[0] = std::byte{1};
    ASSERT_TRUE(mapping->show(new_region->fd(), {0, 4096}).ok());
    EXPECT_EQ(mapping->data(), place);
    EXPECT_EQ(place[0], std::byte{0});
    place[1] = std::byte{2};
    EXPECT_EQ(Mapping::map(new_region->fd(), {0, 4096})->data()[1], std::byte{2});
}

TEST_F(RegionTest, a_mapping_that_cannot_show_another_region_shows_pages_of_its_own) {
    const auto old_region = Region::create_memfd("old", 4096);
    auto mapping = Mapping::map(old_region->fd(), {0, 4096});
    std::byte* const place = mapping->data();
    place[0] = std::byte{1};
    const auto larger = Region::create_memfd("larger", 8192);
    EXPECT_EQ(mapping->show(larger->fd(), {0, 8192}).error().code, Errc::invalid_argument);
    ASSERT_EQ(mapping->data(), place);
    EXPECT_EQ(place[0], std::byte{0});
    place[0] = std::byte{2};
    EXPECT_FALSE(mapping->show(-1, {0, 4096}).ok());
    EXPECT_EQ(place[0], std::byte{0});
    EXPECT_EQ(Mapping::map(old_region->fd(), {0, 4096})->data()[0], std::byte{1});
}

}  // namespace
}  // namespace mrda::ivshmem
