// SPDX-License-Identifier: MIT
#include "stub/kinds.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace mrda::stub {
namespace {

TEST(DeviceKinds, are_found_by_their_names) {
    for (const DeviceKind& kind : device_kinds()) {
        EXPECT_EQ(find_kind(kind.name), &kind);
    }
    EXPECT_EQ(find_kind("voodoo"), nullptr);
    EXPECT_EQ(find_kind(""), nullptr);
}

TEST(DeviceKinds, are_told_apart_by_name_and_device_id) {
    std::set<std::string_view> names;
    std::set<std::uint16_t> ids;
    for (const DeviceKind& kind : device_kinds()) {
        EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
        EXPECT_TRUE(ids.insert(kind.pci_id).second) << kind.name;
    }
}

TEST(DeviceKinds, have_masks_of_no_more_than_64_bits) {
    for (const DeviceKind& kind : device_kinds()) {
        EXPECT_GT(kind.subslices, 0U) << kind.name;
        EXPECT_LT(kind.subslices, 64U) << kind.name;
        EXPECT_GT(kind.execution_units, 0U) << kind.name;
        EXPECT_LT(kind.execution_units, 64U) << kind.name;
    }
}

TEST(ParseDevices, takes_one_kind) {
    const auto devices = parse_devices("dg2");
    ASSERT_EQ(devices.size(), 1U);
    EXPECT_EQ(devices[0].kind, find_kind("dg2"));
    EXPECT_EQ(devices[0].pci_address, "0000:00:02.0");
    EXPECT_EQ(devices[0].index, 0);
    EXPECT_EQ(devices[0].render_minor(), 128);
}

TEST(ParseDevices, takes_an_address) {
    const auto devices = parse_devices("bmg@0000:7f:00.0");
    ASSERT_EQ(devices.size(), 1U);
    EXPECT_EQ(devices[0].kind, find_kind("bmg"));
    EXPECT_EQ(devices[0].pci_address, "0000:7f:00.0");
}

TEST(ParseDevices, gives_several_addresses_and_nodes_of_their_own) {
    const auto devices = parse_devices("adlp,dg2@0000:7f:00.0,dg2");
    ASSERT_EQ(devices.size(), 3U);
    std::set<std::string> addresses;
    std::set<int> minors;
    for (const Device& device : devices) {
        addresses.insert(device.pci_address);
        minors.insert(device.render_minor());
    }
    EXPECT_EQ(devices[0].kind, find_kind("adlp"));
    EXPECT_EQ(devices[1].kind, find_kind("dg2"));
    EXPECT_EQ(devices[1].pci_address, "0000:7f:00.0");
    EXPECT_EQ(addresses.size(), 3U);
    EXPECT_EQ(minors, (std::set<int>{128, 129, 130}));
}

TEST(ParseDevices, passes_over_addresses_that_are_taken) {
    const auto devices = parse_devices("dg2@0000:03:00.0,adlp,bmg");
    ASSERT_EQ(devices.size(), 3U);
    EXPECT_EQ(devices[1].pci_address, "0000:00:02.0");
    EXPECT_EQ(devices[2].pci_address, "0000:08:00.0");
}

TEST(ParseDevices, gives_nothing_where_one_is_not_in_the_table) {
    for (const std::string_view text :
         {"", "voodoo", "adlp,voodoo", "voodoo,adlp", "ADLP", "adlp ", "adlp,,dg2", ",adlp", "@",
          "@0000:00:02.0", "adlp;dg2", "adlp@", "adlp@../../x", "adlp@0000:00:02.00",
          "adlp@0000:03:00.0,dg2@0000:03:00.0", "adlp,adlp,adlp,adlp"}) {
        EXPECT_TRUE(parse_devices(text).empty()) << text;
    }
}

}  // namespace
}  // namespace mrda::stub
