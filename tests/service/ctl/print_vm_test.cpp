// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "print.h"
#include "shown_vm.h"

namespace mrda::ctl {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::string shown(const v1::Vm& vm, bool json = false) {
    return Printer{json}.vm(vm, devices_of(vm, {}).value());
}

TEST(PrintVm, begins_with_a_line_for_each_device) {
    v1::Vm vm = shown_vm();
    add_doorbell(vm, "vm1.in");
    add_doorbell(vm, "vm1.out").set_machine(v1::MACHINE_STATE_DOORBELL);
    EXPECT_THAT(shown(vm), ContainsRegex("^VM_NAME +SIZE +PATH +ID +PCI_ADDR +MACHINE\n"
                                         "vm1 +67108864 +/run/mrda/vm/vm1.in.sock +mrda-vm1.in +"
                                         "0000:00:10.0 +none\n"
                                         "vm1 +67108864 +/run/mrda/vm/vm1.out.sock +mrda-vm1.out +"
                                         "0000:00:11.0 +doorbell\n"));
}

TEST(PrintVm, has_what_qemu_libvirt_and_monitors_need) {
    v1::Vm vm = shown_vm();
    add_doorbell(vm, "vm1");
    EXPECT_THAT(shown(vm),
                AllOf(HasSubstr("-device ivshmem-doorbell,id=mrda-vm1"), HasSubstr("<server path="),
                      HasSubstr("{\"execute\":\"chardev-add\""), HasSubstr("device_add ivshmem"),
                      HasSubstr("virsh detach-device"), HasSubstr("intel-iommu,intremap=on"),
                      HasSubstr("vm run vm1 --plain")));
}

TEST(PrintVm, of_a_file_speaks_of_no_doorbells_and_quotes_what_a_shell_would_split) {
    v1::Vm vm = shown_vm();
    add_file(vm, "/tmp/a 'file'");
    EXPECT_THAT(shown(vm), AllOf(HasSubstr("share=on,mem-path=/tmp/a '\\''file'\\'',size=1048576'"),
                                 HasSubstr("libvirt maps files that lie in /dev/shm"),
                                 Not(HasSubstr("intel-iommu")), Not(HasSubstr("chardev"))));
}

TEST(PrintVm, without_devices_says_how_to_have_some) {
    EXPECT_THAT(shown(shown_vm()), HasSubstr("mrdactl vm add vm1 --devices 1"));
}

TEST(PrintVm, for_programs_is_one_value_with_argument_lists) {
    v1::Vm vm = shown_vm();
    add_doorbell(vm, "vm1.in");
    add_doorbell(vm, "vm1.out");
    const auto value = nlohmann::json::parse(shown(vm, true));
    EXPECT_EQ(value["name"], "vm1");
    ASSERT_EQ(value["devices"].size(), 2U);
    EXPECT_EQ(value["devices"][0]["machine"], "none");
    EXPECT_EQ(value["devices"][0]["qemu_arguments"].size(), 4U);
    EXPECT_EQ(value["devices"][1]["pci_address"], "0000:00:11.0");
    EXPECT_EQ(value["devices"][1]["qmp_plug"].size(), 2U);
}

}  // namespace
}  // namespace mrda::ctl
