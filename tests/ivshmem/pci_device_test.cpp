// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/pci_device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <filesystem>

#include "support/pci_folders.h"

namespace mrda::ivshmem {
namespace {

using testing::HasSubstr;

class PciDeviceTest : public testing::Test, protected test::PciFolders {};

TEST_F(PciDeviceTest, all_are_listed_in_order_and_others_are_not) {
    add("0000:00:11.0");
    add("0000:00:05.0");
    add("0000:00:06.0", "0x1000");
    std::filesystem::create_directory(path("no-address"));
    EXPECT_THAT(list_ivshmem_devices(paths_),
                testing::ElementsAre(PciAddress{0, 0, 5, 0}, PciAddress{0, 0, 0x11, 0}));
    EXPECT_TRUE(list_ivshmem_devices({.devices = "/nowhere"}).empty());
}

TEST_F(PciDeviceTest, is_enabled_where_nobody_has_and_its_memory_is_mapped) {
    const auto device = PciDevice::open(add("0000:00:05.0"), paths_).value();
    EXPECT_EQ(read("0000:00:05.0/enable"), "1");
    EXPECT_EQ(device->size_bytes(), 1U << 20);
    EXPECT_FALSE(device->combines_writes());
    EXPECT_FALSE(device->has_doorbell());
    const auto mapping = Mapping::map(device->view(kPageBytes), {kPageBytes, 2 * kPageBytes});
    ASSERT_TRUE(mapping.ok());
    mapping->data()[0] = std::byte{7};
    EXPECT_EQ(read("0000:00:05.0/resource2")[kPageBytes], 7);
}

TEST_F(PciDeviceTest, control_words_and_slots_are_mapped_by_their_own_views) {
    const PciAddress address = add("0000:00:05.0");
    resize("0000:00:05.0/resource2_wc", 1 << 20);
    const auto device = PciDevice::open(address, paths_).value();
    EXPECT_TRUE(device->combines_writes());
    const auto mapping = Mapping::map(device->view(kPageBytes), {kPageBytes, 3 * kPageBytes});
    ASSERT_TRUE(mapping.ok());
    mapping->data()[0] = std::byte{1};
    mapping->data()[kPageBytes] = std::byte{2};
    // Here they are two files, so that it can be seen which one was written.
    EXPECT_EQ(read("0000:00:05.0/resource2")[kPageBytes], 1);
    EXPECT_EQ(read("0000:00:05.0/resource2")[2 * kPageBytes], 0);
    EXPECT_EQ(read("0000:00:05.0/resource2_wc")[kPageBytes], 0);
    EXPECT_EQ(read("0000:00:05.0/resource2_wc")[2 * kPageBytes], 2);
}

TEST_F(PciDeviceTest, tells_the_name_in_its_first_page) {
    const PciAddress address = add("0000:00:05.0");
    const auto device = PciDevice::open(address, paths_).value();
    EXPECT_FALSE(is_region_header(device->header().value()));
    introduce("0000:00:05.0", "a.in", {});
    EXPECT_EQ(region_name(device->header().value()), "a.in");
}

TEST_F(PciDeviceTest, rings_by_its_register_which_need_not_begin_a_page) {
    const PciAddress address = add("0000:00:05.0");
    add_doorbell("0000:00:05.0");
    const auto device = PciDevice::open(address, paths_).value();
    ASSERT_TRUE(device->has_doorbell());
    device->ring(0, 3);
    std::uint32_t value = 0;
    std::memcpy(&value, read("0000:00:05.0/resource0").data() + 0x100 + 12, sizeof value);
    EXPECT_EQ(value, 3U);
    device->ring(1, 2);
    std::memcpy(&value, read("0000:00:05.0/resource0").data() + 0x100 + 12, sizeof value);
    EXPECT_EQ(value, 0x1'0002U);
}

TEST_F(PciDeviceTest, says_why_it_has_no_interrupts) {
    const PciAddress address = add("0000:00:05.0");
    EXPECT_THAT(PciDevice::open(address, paths_).value()->interrupt(0).error().message,
                HasSubstr("ivshmem-plain"));
    add_doorbell("0000:00:05.0");
    EXPECT_THAT(PciDevice::open(address, paths_).value()->interrupt(0).error().message,
                HasSubstr("vfio-pci"));
}

TEST_F(PciDeviceTest, that_is_not_there_or_another_is_refused) {
    EXPECT_EQ(PciDevice::open({0, 0, 9, 0}, paths_).error().code, Errc::not_found);
    EXPECT_THAT(PciDevice::open(add("0000:00:06.0", "0x1000"), paths_).error().message,
                HasSubstr("0x1af4:0x1000"));
}

TEST_F(PciDeviceTest, that_vfio_has_is_not_used_without_vfio) {
    const PciAddress address = add("0000:00:05.0");
    std::filesystem::create_symlink("/x/vfio-pci", path("0000:00:05.0/driver"));
    std::filesystem::create_symlink("/x/12", path("0000:00:05.0/iommu_group"));
    paths_.vfio = "/nowhere";
    EXPECT_EQ(PciDevice::open(address, paths_).error().code, Errc::not_found);
    EXPECT_EQ(read("0000:00:05.0/enable"), "0");
}

TEST_F(PciDeviceTest, is_shared_until_another_is_in_its_place) {
    const PciAddress address = add("0000:00:05.0");
    const auto device = share_ivshmem_device(address, paths_).value();
    EXPECT_EQ(share_ivshmem_device(address, paths_).value(), device);
    std::filesystem::rename(path("0000:00:05.0"), path("pulled-out"));
    add("0000:00:05.0");
    EXPECT_FALSE(device->is_there());
    const auto other = share_ivshmem_device(address, paths_).value();
    EXPECT_NE(other, device);
    EXPECT_TRUE(other->is_there());
}

TEST_F(PciDeviceTest, gives_each_who_listens_for_its_removal_a_descriptor) {
    const auto device = PciDevice::open(add("0000:00:05.0"), paths_).value();
    const Fd one = device->removal_events().value();
    const Fd other = device->removal_events().value();
    struct stat ours {};
    struct stat theirs {};
    ASSERT_EQ(::fstat(one.get(), &ours), 0);
    ASSERT_EQ(::fstat(other.get(), &theirs), 0);
    EXPECT_NE(ours.st_ino, theirs.st_ino) << "what one receives, the other must receive, too";
}

TEST_F(PciDeviceTest, that_is_pulled_out_is_noticed) {
    const auto device = PciDevice::open(add("0000:00:05.0"), paths_).value();
    EXPECT_TRUE(device->is_there());
    remove("0000:00:05.0");
    EXPECT_FALSE(device->is_there());
}

}  // namespace
}  // namespace mrda::ivshmem
