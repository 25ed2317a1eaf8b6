// SPDX-License-Identifier: MIT
// What goes before QEMU is there; QEMU itself runs in machine_test.py.
#include "vm_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <thread>
#include <utility>
#include <vector>

#include "control_socket.h"
#include "holder_connection.h"
#include "service/doorbell/running_holder.h"
#include "service/host/temp_dir.h"
#include "shown_vm.h"
#include "unix_listener.h"

namespace mrda::ctl {
namespace {

using testing::HasSubstr;

TEST(VmRun, a_program_that_is_not_there_is_named) {
    v1::Vm vm = shown_vm();
    add_doorbell(vm, "vm1");
    const Error error = run_vm(devices_of(vm, {}).value(), false, "/nowhere", {"/nowhere/qemu"});
    EXPECT_EQ(error.code, Errc::not_found);
    EXPECT_THAT(error.message, HasSubstr("/nowhere/qemu"));
}

TEST(VmRun, a_region_that_has_a_machine_and_no_holder_is_told_as_that) {
    for (const auto state : {v1::MACHINE_STATE_DOORBELL, v1::MACHINE_STATE_PLAIN}) {
        v1::Vm vm = shown_vm();
        add_doorbell(vm, "vm1").set_machine(state);
        const Error error =
            run_vm(devices_of(vm, {}).value(), false, "/nowhere", {"/nowhere/qemu"});
        EXPECT_EQ(error.code, Errc::not_found);
        EXPECT_THAT(error.message, HasSubstr("a machine has region vm1, and mrda-doorbell cannot"));
        EXPECT_THAT(error.message, HasSubstr("/nowhere/doorbell.sock"));
    }
}

// One from before `look`.
TEST(VmRun, an_older_holder_is_left_to_refuse_the_second_machine_itself) {
    const service::TempDir dir;
    const auto loop = service::EventLoop::create().value();
    std::vector<Fd> clients;
    const auto listener = service::UnixListener::listen(
        *loop, dir / "doorbell.sock", [&](Fd client) { clients.push_back(std::move(client)); });
    ASSERT_TRUE(listener.ok()) << to_string(listener.error());
    std::thread holder([&] {
        while (clients.empty()) {
            loop->turn(10);
        }
        pollfd asked{clients[0].get(), POLLIN, 0};
        EXPECT_EQ(::poll(&asked, 1, 20'000), 1);
        EXPECT_TRUE(service::receive_message(clients[0].get()).ok());
        const service::DoorbellReply reply{.kind = service::DoorbellReply::Kind::failed,
                                           .code = Errc::unsupported,
                                           .words = "what is look?"};
        EXPECT_TRUE(service::send_message(clients[0].get(), to_message(reply)).ok());
    });
    v1::Vm vm = shown_vm();
    add_doorbell(vm, "vm1").set_machine(v1::MACHINE_STATE_DOORBELL);
    const Error error = run_vm(devices_of(vm, {}).value(), false, dir.path(), {"/nowhere/qemu"});
    holder.join();
    EXPECT_EQ(error.code, Errc::not_found) << error.message;
    EXPECT_THAT(error.message, HasSubstr("/nowhere/qemu"));
}

TEST(VmRun, a_region_whose_machine_has_just_ended_is_free_though_the_service_does_not_know_yet) {
    const service::TempDir dir;
    service::RunningHolder holder({.runtime_dir = dir.path(), .socket_dir = dir / "vm"});
    auto host = service::HolderConnection::open(dir.path()).value();
    ASSERT_TRUE(host.ask({}, service::kTestPatienceNs).ok());
    ASSERT_TRUE(host.ask({.kind = service::DoorbellRequest::Kind::keep,
                          .region = "vm1",
                          .size_bytes = 1 << 20,
                          .vectors = 1,
                          .user = ::geteuid()},
                         service::kTestPatienceNs)
                    .ok());
    v1::Vm vm = shown_vm();
    add_doorbell(vm, "vm1").set_machine(v1::MACHINE_STATE_DOORBELL);
    const auto devices = devices_of(vm, {}).value();
    EXPECT_EQ(run_vm(devices, false, dir.path(), {"/nowhere/qemu"}).code, Errc::not_found);

    auto machine = service::HolderConnection::open(dir.path()).value();
    ASSERT_TRUE(machine
                    .ask({.kind = service::DoorbellRequest::Kind::claim, .region = "vm1"},
                         service::kTestPatienceNs)
                    .ok());
    EXPECT_EQ(run_vm(devices, false, dir.path(), {"/nowhere/qemu"}).code, Errc::busy);
}

TEST(VmRun, memory_alone_needs_the_holder_that_has_it) {
    v1::Vm vm = shown_vm();
    add_doorbell(vm, "vm1");
    const Error error = run_vm(devices_of(vm, {}).value(), true, "/nowhere", {"/nowhere/qemu"});
    EXPECT_EQ(error.code, Errc::not_found);
    EXPECT_THAT(error.message, HasSubstr("/nowhere/doorbell.sock"));
}

}  // namespace
}  // namespace mrda::ctl
