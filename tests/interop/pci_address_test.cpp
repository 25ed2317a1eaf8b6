// SPDX-License-Identifier: MIT
#include "mrda/interop/pci_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace mrda {
namespace {

using testing::HasSubstr;

TEST(PciAddress, is_read_as_lspci_prints_it) {
    const auto whole = parse_pci_address("0001:03:1f.7");
    ASSERT_TRUE(whole.ok());
    EXPECT_EQ(*whole, (PciAddress{1, 3, 0x1f, 7}));
    const auto without_domain = parse_pci_address("e0:02.0");
    ASSERT_TRUE(without_domain.ok());
    EXPECT_EQ(*without_domain, (PciAddress{0, 0xe0, 2, 0}));
    const auto behind_vmd = parse_pci_address("10000:e1:00.0");
    ASSERT_TRUE(behind_vmd.ok());
    EXPECT_EQ(*behind_vmd, (PciAddress{0x10000, 0xe1, 0, 0}));
}

TEST(PciAddress, is_written_as_the_kernel_does) {
    EXPECT_EQ(to_string(PciAddress{0, 3, 0, 0}), "0000:03:00.0");
    EXPECT_EQ(to_string(PciAddress{0xabcd, 0xff, 0x1f, 7}), "abcd:ff:1f.7");
}

TEST(PciAddress, what_is_none_is_refused_by_name) {
    for (const std::string text :
         {"", "0000:03:00", "0000:03:00.8", "0000:03:20.0", "0000:03:00.0 ", " 0000:03:00.0",
          "000g:03:00.0", "0000:3:00.0", "000:03:00.0", "000000000:03:00.0", "0000-03:00.0",
          "0000:03-00.0", "0000:03:00:0", "03:00.", "+3:00.0", "-3:00.0", "0x:00.0",
          "renderD128"}) {
        const auto parsed = parse_pci_address(text);
        ASSERT_FALSE(parsed.ok()) << text;
        EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
        EXPECT_THAT(parsed.error().message, HasSubstr("\"" + text + "\""));
    }
}

RC_GTEST_PROP(PciAddress, written_and_read_again_is_the_same, ()) {
    const PciAddress address{
        *rc::gen::arbitrary<std::uint32_t>(), *rc::gen::inRange<std::uint32_t>(0, 0x100),
        *rc::gen::inRange<std::uint32_t>(0, 0x20), *rc::gen::inRange<std::uint32_t>(0, 8)};
    const auto read = parse_pci_address(to_string(address));
    RC_ASSERT(read.ok());
    RC_ASSERT(*read == address);
}

RC_GTEST_PROP(PciAddress, any_text_is_an_address_or_an_error_that_quotes_it, ()) {
    const auto text = *rc::gen::container<std::string>(rc::gen::weightedOneOf<char>(
        {{4, rc::gen::elementOf(std::string("0123456789abcdefABCDEF:.-+ x"))},
         {1, rc::gen::arbitrary<char>()}}));
    const auto read = parse_pci_address(text);
    if (read.ok()) {
        RC_ASSERT(read->bus <= 0xffU && read->device <= 0x1fU && read->function <= 7U);
        RC_ASSERT(text.size() == 7U || text.size() == 12U);
    } else {
        RC_ASSERT(read.error().message.find(text) != std::string::npos);
    }
}

}  // namespace
}  // namespace mrda
