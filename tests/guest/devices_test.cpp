// SPDX-License-Identifier: MIT
#include "devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/pci_folders.h"

namespace mrda::guest::core {
namespace {

using ivshmem::RegionId;
using testing::HasSubstr;

constexpr RegionId kIn{1};
constexpr RegionId kOut{2};
const std::string kFirst = "0000:00:10.0";
const std::string kSecond = "0000:00:11.0";

class DevicesTest : public testing::Test, protected ivshmem::test::PciFolders {
  protected:
    [[nodiscard]] Devices look() const { return Devices::look(paths_); }
    /// "guest, host", as they may be woken.
    [[nodiscard]] std::string offer(const std::string& in_device, const std::string& wake) const {
        const auto offer = look().offer({.by_device = true, .in_device = in_device, .wake = wake});
        if (!offer.ok()) {
            return to_string(offer.error());
        }
        std::string text;
        for (const int by : offer->guest()) {
            text += v1::WakeBy_Name(by).substr(std::string("WAKE_BY_").size()) + " ";
        }
        text += "|";
        for (const int by : offer->host()) {
            text += " " + v1::WakeBy_Name(by).substr(std::string("WAKE_BY_").size());
        }
        return text;
    }
    static v1::Region told(const RegionId& id) {
        v1::Region region;
        region.set_id(id.data(), id.size());
        region.set_name("told");
        return region;
    }
    [[nodiscard]] std::string found(const RegionId& id, const std::string& wanted) const {
        const auto device = look().find(told(id), wanted);
        return device.ok() ? to_string((*device)->address()) : device.error().message;
    }
    void add_pair() const {
        add(kFirst);
        introduce(kFirst, "vm.in", kIn);
        add(kSecond);
        introduce(kSecond, "vm.out", kOut);
    }
};

TEST_F(DevicesTest, are_found_by_the_region_in_their_first_page) {
    add_pair();
    EXPECT_EQ(found(kIn, ""), kFirst);
    EXPECT_EQ(found(kOut, ""), kSecond);
    EXPECT_EQ(found(kOut, "vm.out"), kSecond);
    EXPECT_EQ(found(kOut, "00:11.0"), kSecond);
}

TEST_F(DevicesTest, that_have_another_region_are_named_with_it) {
    add_pair();
    add("0000:00:12.0");
    const std::string words = found(kOut, "vm.in");
    EXPECT_THAT(words, HasSubstr("called vm.in has the service's region told"));
    EXPECT_THAT(words, HasSubstr("0000:00:10.0: region vm.in"));
    EXPECT_THAT(words, HasSubstr("0000:00:12.0: region none of MRDA's"));
    EXPECT_THAT(found(kOut, "00:10.0"), HasSubstr("called 00:10.0"));
    EXPECT_THAT(found({3}, ""), HasSubstr("0000:00:11.0: region vm.out"));
}

TEST_F(DevicesTest, that_cannot_be_used_are_named_with_the_reason) {
    add(kFirst);
    std::filesystem::remove(path(kFirst + "/resource2"));
    EXPECT_THAT(found(kIn, ""), HasSubstr(kFirst + ": cannot open " + path(kFirst)));
    EXPECT_FALSE(look().have_regions());
    remove(kFirst);
    EXPECT_THAT(found(kIn, ""), HasSubstr("; there is none; "));
}

TEST_F(DevicesTest, are_found_by_a_region_that_came_after_they_were_looked_at) {
    add(kFirst);
    const Devices devices = look();
    EXPECT_FALSE(devices.have_regions());
    introduce(kFirst, "vm", kIn);
    EXPECT_TRUE(devices.find(told(kIn), "").ok());
    EXPECT_TRUE(look().have_regions());
}

TEST_F(DevicesTest, offer_their_register_where_each_that_may_be_chosen_has_one) {
    add_pair();
    EXPECT_EQ(offer("", ""), "STREAM POLLING | STREAM");
    add_doorbell(kFirst);
    EXPECT_EQ(offer("", ""), "STREAM POLLING | STREAM") << "the service may choose the other";
    EXPECT_EQ(offer("vm.in", ""), "STREAM POLLING | DOORBELL STREAM");
    EXPECT_EQ(offer("00:10.0", ""), "STREAM POLLING | DOORBELL STREAM");
    EXPECT_EQ(offer("vm.out", ""), "STREAM POLLING | STREAM");
    add_doorbell(kSecond);
    EXPECT_EQ(offer("", ""), "STREAM POLLING | DOORBELL STREAM");
}

TEST_F(DevicesTest, of_other_programs_change_no_offer_unless_they_are_named) {
    add(kFirst);
    introduce(kFirst, "vm", kIn);
    add(kSecond);
    add_doorbell(kSecond);
    EXPECT_EQ(offer("", ""), "STREAM POLLING | STREAM");
    EXPECT_EQ(offer("00:11.0", ""), "STREAM POLLING | DOORBELL STREAM");
    remove(kFirst);
    EXPECT_EQ(offer("", ""), "STREAM POLLING | STREAM") << "none can be the session's";
}

TEST_F(DevicesTest, offer_what_is_wanted_or_say_why_not) {
    add(kFirst);
    EXPECT_THAT(offer("", "interrupt"), HasSubstr("has a region of MRDA's; " + kFirst));
    introduce(kFirst, "vm", kIn);
    EXPECT_EQ(offer("", "stream"), "STREAM | STREAM");
    EXPECT_EQ(offer("", "polling"), "POLLING | POLLING");
    EXPECT_THAT(offer("", "interrupt"), HasSubstr("config.wake = interrupt"));
    EXPECT_THAT(offer("", "interrupt"), HasSubstr("ivshmem-plain"));
    remove(kFirst);
    add(kFirst);
    introduce(kFirst, "vm", kIn);
    add_doorbell(kFirst);
    EXPECT_THAT(offer("", "interrupt"), HasSubstr("vfio-pci"));
}

class ReachOf : public DevicesTest {
  protected:
    [[nodiscard]] Result<Reach> reach(const std::string& in, const std::string& out,
                                      const std::string& address = "10.0.2.2:1") const {
        return reach_of(in, out, "", address, paths_);
    }
};

TEST_F(ReachOf, a_service_beyond_the_machine_is_by_device_where_there_is_one) {
    EXPECT_FALSE(reach("", "").value().by_device);
    add(kFirst);
    EXPECT_TRUE(reach("", "").value().by_device);
    EXPECT_TRUE(reach("", "").value().or_own_system);
    EXPECT_FALSE(reach("", "", "unix:/run/mrda.sock").value().by_device);
    EXPECT_FALSE(reach("/dev/shm/a", "").value().by_device);
}

TEST_F(ReachOf, devices_that_are_named_are_the_only_ones) {
    const Reach one = reach("pci:vm.in", "pci:00:11.0", "unix:/run/mrda.sock").value();
    EXPECT_TRUE(one.by_device);
    EXPECT_FALSE(one.or_own_system);
    EXPECT_EQ(one.in_device, "vm.in");
    EXPECT_EQ(one.out_device, "00:11.0");
    const Reach other = reach("", "pci:vm.out").value();
    EXPECT_EQ(other.in_device, "");
    EXPECT_EQ(other.out_device, "vm.out");
}

TEST_F(ReachOf, a_device_and_a_path_do_not_go_together) {
    for (const auto& mixed : {reach("pci:x", "/dev/shm/y"), reach("/dev/shm/y", "pci:x")}) {
        ASSERT_FALSE(mixed.ok());
        EXPECT_EQ(mixed.error().code, Errc::invalid_argument);
        EXPECT_THAT(mixed.error().message, HasSubstr("config.in_device_path = "));
        EXPECT_THAT(mixed.error().message, HasSubstr("config.out_device_path = "));
        EXPECT_THAT(mixed.error().message, HasSubstr("/dev/shm/y"));
    }
}

}  // namespace
}  // namespace mrda::guest::core
