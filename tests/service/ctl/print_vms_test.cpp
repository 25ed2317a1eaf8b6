// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "print.h"
#include "shown_vm.h"

namespace mrda::ctl {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TEST(PrintVms, shows_devices_as_large_as_they_are_and_whose_the_default_token_is) {
    v1::ListVmsReply reply;
    v1::Vm& vm = *reply.add_vms() = shown_vm();
    vm.set_is_default(true);
    add_file(vm, "/dev/shm/vm1");
    *reply.add_vms() = shown_vm();
    reply.mutable_vms(1)->set_name("vm2");
    EXPECT_THAT(Printer{}.vms(reply), ContainsRegex("vm1 +yes +1048576 [^\n]*\nvm2 +- +67108864 "));
    const auto list = nlohmann::json::parse(Printer{true}.vms(reply));
    EXPECT_EQ(list[0]["default"], true);
    EXPECT_EQ(list[0]["device_bytes"], nlohmann::json::array({1048576}));
    EXPECT_EQ(list[0]["memory_bytes"], 67108864);
    EXPECT_TRUE(list[1]["device_bytes"].empty()) << "it has none";
}

TEST(PrintVms, says_where_devices_cannot_be_had) {
    v1::ListVmsReply reply;
    *reply.add_vms() = shown_vm();
    reply.mutable_vms(0)->set_devices(2);
    reply.mutable_vms(0)->set_refused("no holder");
    EXPECT_THAT(Printer{}.vms(reply), HasSubstr(" 2 (refused) "));
    EXPECT_EQ(nlohmann::json::parse(Printer{true}.vms(reply))[0]["refused"], "no holder");
}

TEST(PrintVms, a_file_that_was_made_in_whole_pages_is_as_large_as_was_asked) {
    v1::AddVmReply reply;
    *reply.mutable_vm() = shown_vm();
    reply.mutable_vm()->set_memory_bytes(1'000'000'000);
    add_file(*reply.mutable_vm(), "/dev/shm/vm1").set_size_bytes(1'000'001'536);
    EXPECT_THAT(Printer{}.vm_added("vm1", reply, "/run/mrda"), Not(HasSubstr("keeps its")));
}

TEST(PrintVms, an_addition_says_what_is_new_and_what_stayed) {
    v1::AddVmReply reply;
    reply.set_token_path("/state/vm1.token");
    *reply.mutable_vm() = shown_vm();
    EXPECT_THAT(Printer{}.vm_added("vm1", reply, "/run/mrda"),
                AllOf(HasSubstr("VM vm1: its guests show the token in /state/vm1.token "),
                      Not(HasSubstr("keeps its")), Not(HasSubstr("vm show"))));
    reply.set_replaced(true);
    add_file(*reply.mutable_vm(), "/dev/shm/vm1");
    EXPECT_THAT(Printer{}.vm_added("vm1", reply, "/run/mrda"),
                AllOf(HasSubstr("VM vm1 was there"), HasSubstr("the token in /state/vm1.token "),
                      HasSubstr("/dev/shm/vm1 was there, and keeps its 1048576 bytes"),
                      HasSubstr("mrdactl vm show vm1")));
    EXPECT_THAT(Printer{}.vm_added("vm1", reply, "/run/mrda"),
                HasSubstr("it has no device, 1048576 bytes, and at most 0 sessions"));
    const auto value = nlohmann::json::parse(Printer{true}.vm_added("vm1", reply, "/run/mrda"));
    EXPECT_EQ(value["notices"].size(), 1U);
    EXPECT_EQ(value["replaced"], true);
    EXPECT_EQ(value["token_file"], "/state/vm1.token");
}

TEST(PrintVms, an_addition_warns_of_what_no_machine_can_use) {
    v1::AddVmReply reply;
    *reply.mutable_vm() = shown_vm();
    add_file(*reply.mutable_vm(), "/dev/shm/vm1").set_size_bytes(3 << 20);
    EXPECT_THAT(Printer{}.vm_added("vm1", reply, "/run/mrda"),
                HasSubstr("keeps its 3145728 bytes: no power of two"));
    *reply.mutable_vm() = shown_vm();
    add_doorbell(*reply.mutable_vm(), "vm1");
    const auto warns = HasSubstr("cannot come to /run/mrda/vm/vm1.sock");
    EXPECT_THAT(Printer{}.vm_added("vm1", reply, "/run/mrda"), Not(warns));
    reply.mutable_vm()->set_qemu_user("somebody-else");
    EXPECT_THAT(Printer{}.vm_added("vm1", reply, "/run/mrda"), warns);
    EXPECT_THAT(Printer{}.vm_added("vm1", reply, "/run/x/../mrda/"), warns);
    EXPECT_THAT(Printer{}.vm_added("vm1", reply, "/run/other"), Not(warns));
    reply.mutable_vm()->set_qemu_user(std::to_string(::geteuid()));
    EXPECT_THAT(Printer{}.vm_added("vm1", reply, "/run/mrda"), Not(warns));
}

TEST(PrintVms, a_removal_names_the_files_that_stay) {
    v1::RemoveVmReply reply;
    EXPECT_THAT(Printer{}.vm_removed("vm1", reply), Not(HasSubstr("stays")));
    reply.add_files("/dev/shm/vm1");
    EXPECT_THAT(Printer{}.vm_removed("vm1", reply), HasSubstr("stays: /dev/shm/vm1"));
    EXPECT_EQ(nlohmann::json::parse(Printer{true}.vm_removed("vm1", reply))["files"][0],
              "/dev/shm/vm1");
}

}  // namespace
}  // namespace mrda::ctl
