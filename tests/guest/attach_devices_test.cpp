// SPDX-License-Identifier: MIT
// Sessions in IVSHMEM devices, which are made-up folders here.
#include "guest_fixture.h"
#include "request.h"
#include "session.h"
#include "support/pci_folders.h"

namespace mrda::guest::test {
namespace {

using ivshmem::kPageBytes;
using ivshmem::RegionId;
using testing::HasSubstr;

constexpr RegionId kIn{1};
constexpr RegionId kOut{2};
const std::string kFirst = "0000:00:10.0";
const std::string kSecond = "0000:00:11.0";

class InDevices : public Guest, protected ivshmem::test::PciFolders {
  protected:
    void add_device(const std::string& address, const std::string& name, const RegionId& id) {
        add(address);
        introduce(address, name, id);
    }
    /// Puts what the host has in its memory behind the first page of a device.
    void fill(const std::string& address, const FakeHost& host) const {
        const std::string region = "/proc/self/fd/" + std::to_string(host.region_fd());
        std::ifstream from(region, std::ios::binary);
        std::fstream to(path(address + "/resource2"),
                        std::ios::in | std::ios::out | std::ios::binary);
        to.seekp(kPageBytes);
        to << from.rdbuf();
    }
    /// A service whose regions are these devices'; nobody answers there.
    Manners in_devices(const std::string& in, const RegionId& in_id, const std::string& out,
                       const RegionId& out_id) {
        Manners manners;
        manners.scripted = true;
        manners.forge = [=, this](v1::CreateReply& reply, FakeHost& host) {
            fill(in, host);
            fill(out, host);
            const std::string first(in_id.begin(), in_id.end());
            const std::string second(out_id.begin(), out_id.end());
            shift(*reply.mutable_in_region(), first);
            shift(*reply.mutable_out_region(), second);
            if (in != out) {
                reply.mutable_out_region()->set_attach_token("another");
            }
            reply.mutable_wake()->set_guest(v1::WAKE_BY_POLLING);
            reply.mutable_wake()->set_host(v1::WAKE_BY_POLLING);
        };
        return manners;
    }
    static void shift(v1::Region& region, const std::string& id) {
        region.set_id(id);
        region.set_size_bytes(1 << 20);
        region.set_extent_offset_bytes(region.extent_offset_bytes() + kPageBytes);
    }
    Result<std::unique_ptr<core::Session>> make(const std::string& in, const std::string& out) {
        auto parameters = core::parameters_of(config_).value();
        // As if it were beyond the machine.
        parameters.reach = core::reach_of(in, out, "", "10.0.2.2:1", paths_).value();
        return core::Session::create(std::move(parameters));
    }
    [[nodiscard]] std::weak_ptr<ivshmem::PciDevice> device(const std::string& address) const {
        return ivshmem::share_ivshmem_device(parse_pci_address(address).value(), paths_).value();
    }
};

TEST_F(InDevices, a_device_for_each_direction_is_held_as_long_as_it_is_mapped) {
    add_device(kFirst, "vm.in", kIn);
    add_device(kSecond, "vm.out", kOut);
    serve(in_devices(kFirst, kIn, kSecond, kOut));
    auto session = make("", "");
    ASSERT_TRUE(session.ok()) << to_string(session.error());
    EXPECT_FALSE(device(kFirst).expired());
    EXPECT_FALSE(device(kSecond).expired()) << "closing it has it off for whoever maps it";
    session->reset();
    EXPECT_TRUE(device(kFirst).expired());
    EXPECT_TRUE(device(kSecond).expired());
}

TEST_F(InDevices, that_one_is_gone_is_noticed_by_who_never_sleeps) {
    for (const std::string& removed : {kFirst, kSecond}) {
        add_device(kFirst, "vm.in", kIn);
        add_device(kSecond, "vm.out", kOut);
        serve(in_devices(kFirst, kIn, kSecond, kOut));
        const auto session = make("pci:vm.in", "pci:00:11.0");
        ASSERT_TRUE(session.ok()) << to_string(session.error());
        mrda_guest_packet packet{};
        EXPECT_EQ((*session)->receive(packet, 0), MRDA_GUEST_TRY_AGAIN);
        const auto held = device(removed);
        remove(removed);
        const std::uint64_t end_ns = ivshmem::now_ns() + kSoon;
        mrda_guest_status status = MRDA_GUEST_TRY_AGAIN;
        while (status == MRDA_GUEST_TRY_AGAIN && ivshmem::now_ns() < end_ns) {
            status = (*session)->receive(packet, 0);
        }
        EXPECT_EQ(status, MRDA_GUEST_DEVICE_GONE) << removed;
        EXPECT_TRUE(held.expired()) << "the machine has it back though the session lives";
        remove(kFirst);
        remove(kSecond);
    }
}

TEST_F(InDevices, the_out_device_is_checked_where_one_region_holds_both_directions) {
    add_device(kFirst, "vm", kIn);
    add_device(kSecond, "other", kOut);
    serve(in_devices(kFirst, kIn, kFirst, kIn));
    EXPECT_TRUE(make("pci:vm", "pci:vm").ok());
    const auto refused = make("pci:vm", "pci:other");
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message, HasSubstr("called other"));
    EXPECT_EQ(service_->count("Stop"), 2) << "one that was made, and one that could not be used";
}

TEST_F(InDevices, of_other_programs_leave_a_service_of_the_same_system_alone) {
    add(kFirst);
    serve_scripted();
    const auto session = make("", "");
    ASSERT_TRUE(session.ok()) << to_string(session.error());
    EXPECT_FALSE(service_->last_request().has_wake()) << "by futex";
    EXPECT_FALSE(make("pci:", "").ok()) << "devices were asked for";
}

TEST_F(InDevices, of_another_service_do_so_too) {
    add_device(kFirst, "another", kIn);
    serve_scripted();
    const auto session = make("", "");
    ASSERT_TRUE(session.ok()) << to_string(session.error());
    EXPECT_TRUE(service_->last_request().has_wake()) << "it might have been this service's";
}

TEST_F(InDevices, where_neither_has_the_memory_both_reasons_are_told) {
    Manners manners;
    manners.forge = [](v1::CreateReply& reply, FakeHost&) {
        reply.mutable_in_region()->clear_socket_path();
        reply.mutable_in_region()->set_path("/nowhere/region");
    };
    serve(manners);
    add(kFirst);
    EXPECT_THAT(make("", "").error().message,
                testing::AllOf(HasSubstr("/nowhere/region"), HasSubstr("no IVSHMEM device"),
                               HasSubstr(kFirst + ": region none")));
    introduce(kFirst, "another", kIn);
    EXPECT_THAT(make("", "").error().message,
                testing::AllOf(HasSubstr("/nowhere/region"), HasSubstr("no IVSHMEM device"),
                               HasSubstr(kFirst + ": region another")));
}

}  // namespace
}  // namespace mrda::guest::test
