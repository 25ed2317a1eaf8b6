// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/region_header.h"

#include <gtest/gtest.h>

#include "mrda/ivshmem/region.h"

namespace mrda::ivshmem {
namespace {

RegionHeader first_page(const Region& region) {
    return Mapping::map(region.fd(), {0, kPageBytes})->control(kPageBytes).copy<RegionHeader>(0);
}

TEST(RegionHeader, is_found_in_the_first_page_with_name_and_id) {
    const Region region = Region::create_memfd("test", 1 << 20).value();
    const RegionId id = make_region_id();
    ASSERT_TRUE(
        write_region_header(region.fd(), make_region_header("alice.in", id, region.size_bytes()))
            .ok());
    const RegionHeader read = first_page(region);
    EXPECT_TRUE(is_region_header(read));
    EXPECT_EQ(region_name(read), "alice.in");
    EXPECT_EQ(read.id, id);
    EXPECT_EQ(read.size_bytes, region.size_bytes());
}

TEST(RegionHeader, memory_that_nobody_named_has_none) {
    const Region region = Region::create_memfd("test", kPageBytes).value();
    EXPECT_FALSE(is_region_header(first_page(region)));
}

TEST(RegionHeader, a_name_is_cut_where_it_is_too_long_and_need_not_end) {
    RegionHeader header = make_region_header(std::string(200, 'x'), {}, 0);
    EXPECT_EQ(region_name(header), std::string(kMaxRegionNameBytes, 'x'));
    header.name.fill('y');
    EXPECT_EQ(region_name(header), std::string(kMaxRegionNameBytes + 1, 'y'));
}

TEST(RegionHeader, of_another_version_is_none) {
    RegionHeader header = make_region_header("a", {}, 0);
    ++header.version_major;
    EXPECT_FALSE(is_region_header(header));
}

TEST(RegionHeader, cannot_be_written_where_nothing_can) {
    EXPECT_EQ(write_region_header(-1, {}).error().code, Errc::invalid_argument);
}

TEST(RegionId, differs_each_time) {
    EXPECT_NE(make_region_id(), make_region_id());
}

}  // namespace
}  // namespace mrda::ivshmem
