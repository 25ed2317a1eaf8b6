// SPDX-License-Identifier: MIT
#include "vm_devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "shown_vm.h"

namespace mrda::ctl {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(VmDevices, stand_where_they_are_put_input_first) {
    v1::Vm vm = shown_vm();
    add_doorbell(vm, "vm1.in");
    add_doorbell(vm, "vm1.out");
    const auto devices = devices_of(vm, {.in = 4, .out = 0x1f}).value();
    ASSERT_EQ(devices.size(), 2U);
    EXPECT_EQ(devices[0].pci_address(), "0000:00:04.0");
    EXPECT_EQ(devices[1].pci_address(), "0000:00:1f.0");
    EXPECT_EQ(devices[0].id, "mrda-vm1.in");
}

TEST(VmDevices, in_slots_that_cannot_be_are_refused) {
    v1::Vm vm = shown_vm();
    add_doorbell(vm, "vm1.in");
    EXPECT_TRUE(devices_of(vm, {.in = 5, .out = 5}).ok()) << "there is no second one";
    add_doorbell(vm, "vm1.out");
    for (const Slots slots : {Slots{0, 1}, Slots{1, 32}, Slots{5, 5}}) {
        const auto refused = devices_of(vm, slots);
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    }
}

TEST(VmDevices, that_the_service_cannot_have_are_an_error_with_its_words) {
    v1::Vm vm = shown_vm();
    vm.set_refused("no mrda-doorbell");
    EXPECT_THAT(devices_of(vm, {}).error().message, HasSubstr("no mrda-doorbell"));
    EXPECT_TRUE(devices_of(shown_vm(), {}).value().empty());
}

TEST(VmDevices, with_doorbells_are_a_socket_and_a_device_for_qemu) {
    v1::Vm vm = shown_vm();
    add_doorbell(vm, "vm1").set_socket_path("/run/a,b.sock");
    const auto devices = devices_of(vm, {}).value();
    EXPECT_THAT(
        doorbell_arguments(devices[0]),
        ElementsAre("-chardev", "socket,id=mrda-vm1-socket,path=/run/a,,b.sock", "-device",
                    "ivshmem-doorbell,id=mrda-vm1,chardev=mrda-vm1-socket,vectors=16,addr=0x10"));
}

TEST(VmDevices, by_memory_alone_are_a_backend_and_a_device_for_qemu) {
    v1::Vm vm = shown_vm();
    add_file(vm, "/dev/shm/vm1");
    const auto devices = devices_of(vm, {}).value();
    EXPECT_THAT(
        plain_arguments(devices[0], "/proc/self/fd/7"),
        ElementsAre("-object",
                    "memory-backend-file,id=mrda-vm1-memory,share=on,mem-path=/proc/self/fd/7,"
                    "size=1048576",
                    "-device", "ivshmem-plain,id=mrda-vm1,memdev=mrda-vm1-memory,addr=0x10"));
}

TEST(VmDevices, for_libvirt_name_the_server_or_the_file) {
    v1::Vm vm = shown_vm();
    add_doorbell(vm, "vm1").set_socket_path("/run/it's<&.sock");
    const std::string server = libvirt_xml(devices_of(vm, {}).value()[0]);
    EXPECT_THAT(server, HasSubstr("<shmem name='vm1'>"));
    EXPECT_THAT(server, HasSubstr("<server path='/run/it&apos;s&lt;&amp;.sock'/>"));
    EXPECT_THAT(server, HasSubstr("<msi vectors='16' ioeventfd='on'/>"));
    EXPECT_THAT(server, HasSubstr("slot='0x10'"));
    EXPECT_THAT(server, Not(HasSubstr("<size"))) << "libvirt refuses one beside a server";
    v1::Vm file = shown_vm();
    add_file(file, "/dev/shm/some_file");
    const std::string plain = libvirt_xml(devices_of(file, {}).value()[0]);
    EXPECT_THAT(plain, HasSubstr("<shmem name='some_file'>"));
    EXPECT_THAT(plain, HasSubstr("<model type='ivshmem-plain'/>"));
    EXPECT_THAT(plain, HasSubstr("<size unit='M'>1</size>"));
}

TEST(VmDevices, libvirt_has_no_way_to_map_a_file_elsewhere) {
    for (const char* path : {"/tmp/vm1", "/dev/shm/a/b", "/d"}) {
        v1::Vm vm = shown_vm();
        add_file(vm, path);
        EXPECT_EQ(libvirt_xml(devices_of(vm, {}).value()[0]), "") << path;
    }
}

TEST(VmDevices, are_plugged_in_and_taken_out_by_two_commands_each) {
    v1::Vm vm = shown_vm();
    add_doorbell(vm, "vm1");
    add_file(vm, "/dev/shm/vm1");
    const auto devices = devices_of(vm, {}).value();
    for (const VmDevice& device : devices) {
        const HotPlug plug = hot_plug(device, "port1");
        ASSERT_EQ(plug.qmp_plug.size(), 2U);
        const json added = json::parse(plug.qmp_plug[1]);
        EXPECT_EQ(added["execute"], "device_add");
        EXPECT_EQ(added["arguments"]["bus"], "port1");
        ASSERT_EQ(plug.qmp_unplug.size(), 2U);
        const json removed = json::parse(plug.qmp_unplug[0]);
        EXPECT_EQ(removed["arguments"]["id"], added["arguments"]["id"]);
        EXPECT_THAT(plug.hmp_plug[1], HasSubstr(",bus=port1"));
        EXPECT_THAT(plug.hmp_unplug[0], HasSubstr("device_del mrda-vm1"));
    }
}

}  // namespace
}  // namespace mrda::ctl
