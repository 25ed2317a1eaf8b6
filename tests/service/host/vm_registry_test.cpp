// SPDX-License-Identifier: MIT
#include "vm_registry.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "mrda/ivshmem/wakeup.h"
#include "service/doorbell/running_holder.h"
#include "state_file.h"
#include "support/doorbell_client.h"
#include "temp_dir.h"

namespace mrda::service {
namespace {

class VmRegistryTest : public testing::Test {
  protected:
    VmRegistry open() { return VmRegistry::open(dir_ / "state", dir_.path()).value(); }
    static VmConfig named(const std::string& name) {
        VmConfig config;
        config.name = name;
        config.memory_bytes = 1 << 20;
        return config;
    }
    /// A folder where the file is written: the disk will not have it.
    void refuse(const std::string& file) { std::filesystem::create_directory(dir_ / file); }
    VmConfig with_files(const std::string& name) {
        VmConfig config = named(name);
        config.in_device_path = dir_ / "in";
        config.out_device_path = dir_ / "out";
        return config;
    }

    TempDir dir_;
};

TEST_F(VmRegistryTest, keeps_vms_and_tokens_across_restarts) {
    std::string token;
    {
        VmRegistry registry = open();
        ASSERT_TRUE(registry.add(named("kept"), true).ok());
        ASSERT_TRUE(registry.add(named("passing"), false).ok());
        token = registry.find("kept")->token;
    }
    VmRegistry registry = open();
    ASSERT_NE(registry.find("kept"), nullptr);
    EXPECT_EQ(registry.find("kept")->token, token);
    EXPECT_EQ(registry.find("passing"), nullptr);
    EXPECT_EQ(registry.find_by_token(token)->config.name, "kept");
}

TEST_F(VmRegistryTest, a_token_is_one_vms_and_a_wrong_one_nobodys) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(named("a"), true).ok());
    ASSERT_TRUE(registry.add(named("b"), true).ok());
    EXPECT_NE(registry.find("a")->token, registry.find("b")->token);
    EXPECT_EQ(registry.find_by_token(registry.find("b")->token)->config.name, "b");
    EXPECT_EQ(registry.find_by_token(""), nullptr);
    EXPECT_EQ(registry.find_by_token(std::string(64, '0')), nullptr);
}

TEST_F(VmRegistryTest, a_removed_vms_token_opens_nothing_more) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(named("a"), true).ok());
    const std::string token = registry.find("a")->token;
    ASSERT_TRUE(registry.remove("a").ok());
    EXPECT_EQ(registry.find_by_token(token), nullptr);
    ASSERT_TRUE(registry.add(named("a"), true).ok());
    EXPECT_NE(registry.find("a")->token, token);
    EXPECT_EQ(registry.remove("nobody").error().code, Errc::not_found);
}

TEST_F(VmRegistryTest, names_and_paths_that_cannot_be_are_refused) {
    VmRegistry registry = open();
    for (const char* name : {"", "../x", "A", "a b", "a/b"}) {
        EXPECT_EQ(registry.add(named(name), true).error().code, Errc::invalid_argument) << name;
    }
    VmConfig relative = named("a");
    relative.in_device_path = relative.out_device_path = "dev/shm/x";
    EXPECT_EQ(registry.add(relative, true).error().code, Errc::invalid_argument);
    VmConfig half = with_files("a");
    half.out_device_path.clear();
    EXPECT_EQ(registry.add(half, true).error().code, Errc::invalid_argument);
}

TEST_F(VmRegistryTest, makes_device_files_and_gives_them_to_their_vm_alone) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(with_files("a"), true).ok());
    EXPECT_EQ(std::filesystem::file_size(dir_ / "in"), 1U << 20);
    ASSERT_TRUE(registry.add(named("b"), true).ok());
    Vm& a = *registry.find("a");
    Vm& b = *registry.find("b");
    const auto mine = regions_of(a, dir_ / "in", dir_ / "out");
    ASSERT_TRUE(mine.ok());
    EXPECT_NE(mine->input, mine->output);
    const auto foreign = regions_of(b, dir_ / "in", dir_ / "out");
    ASSERT_FALSE(foreign.ok());
    EXPECT_EQ(foreign.error().code, Errc::permission_denied);
    EXPECT_NE(foreign.error().message.find(dir_ / "in"), std::string::npos);
    EXPECT_FALSE(regions_of(a, dir_ / "in", dir_ / "in").ok());
    EXPECT_FALSE(regions_of(a, dir_ / "./in", dir_ / "out").ok()) << "exactly the path";
    EXPECT_EQ(registry.add(with_files("b"), true).error().code, Errc::busy)
        << "two VMs, one region";
}

TEST_F(VmRegistryTest, a_vm_with_devices_has_no_other_memory) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(with_files("a"), true).ok());
    const auto regions = regions_of(*registry.find("a"), "", "");
    ASSERT_TRUE(regions.ok());
    EXPECT_EQ(regions->input->path, dir_ / "in");
    EXPECT_EQ(regions->output->path, dir_ / "out");
}

TEST_F(VmRegistryTest, what_is_refused_leaves_nothing_behind) {
    std::filesystem::create_directory(dir_ / "other");
    {
        VmRegistry registry = open();
        ASSERT_TRUE(registry.add(with_files("b"), true).ok());
        std::filesystem::create_hard_link(dir_ / "in", dir_ / "other/in");
        VmConfig alias = with_files("a");
        alias.in_device_path = alias.out_device_path = dir_ / "other/in";
        EXPECT_EQ(registry.add(alias, true).error().code, Errc::busy) << "b's, by another name";
        EXPECT_EQ(registry.find("a"), nullptr);
        ASSERT_TRUE(registry.add(named("a"), true).ok());
        EXPECT_EQ(registry.add(alias, true).error().code, Errc::busy);
        EXPECT_EQ(registry.find("a")->config.in_device_path, "") << "as it was";
        ASSERT_TRUE(registry.add(named("c"), true).ok());
    }
    VmRegistry registry = open();
    EXPECT_EQ(registry.find("a")->config.in_device_path, "");
    EXPECT_TRUE(regions_of(*registry.find("b"), dir_ / "in", dir_ / "out").ok());
}

TEST_F(VmRegistryTest, one_device_for_both_is_one_region) {
    VmRegistry registry = open();
    VmConfig config = with_files("a");
    config.out_device_path = config.in_device_path;
    ASSERT_TRUE(registry.add(config, true).ok());
    const auto regions = regions_of(*registry.find("a"), dir_ / "in", dir_ / "in");
    ASSERT_TRUE(regions.ok());
    EXPECT_EQ(regions->input, regions->output);
}

TEST_F(VmRegistryTest, a_device_that_is_a_link_is_refused) {
    ASSERT_TRUE(write_private_file(dir_ / "target", "secret").ok());
    std::filesystem::create_symlink(dir_ / "target", dir_ / "in");
    VmRegistry registry = open();
    EXPECT_EQ(registry.add(with_files("a"), true).error().code, Errc::permission_denied);
}

TEST_F(VmRegistryTest, without_paths_a_vm_has_a_sealed_memfd) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(named("a"), true).ok());
    const auto regions = regions_of(*registry.find("a"), "", "");
    ASSERT_TRUE(regions.ok());
    EXPECT_EQ(regions->input, regions->output);
    EXPECT_EQ(regions->input->region.kind(), ivshmem::Region::Kind::memfd);
}

TEST_F(VmRegistryTest, other_memory_is_the_next_sessions_and_what_runs_keeps_its_own) {
    VmRegistry registry = open();
    VmConfig config = named("a");
    ASSERT_TRUE(registry.add(config, true).ok());
    const auto small = regions_of(*registry.find("a"), "", "").value();
    config.max_sessions = 3;
    ASSERT_TRUE(registry.add(config, true).ok());
    EXPECT_EQ(regions_of(*registry.find("a"), "", "")->input, small.input) << "it is as large";
    config.memory_bytes *= 2;
    ASSERT_TRUE(registry.add(config, true).ok());
    const auto large = regions_of(*registry.find("a"), "", "").value();
    EXPECT_EQ(large.input->region.size_bytes(), 2U << 20);
    EXPECT_EQ(small.input->region.size_bytes(), 1U << 20);
}

TEST_F(VmRegistryTest, a_vm_that_cannot_be_kept_is_not_there) {
    VmRegistry registry = open();
    refuse("state/vms.json.new");
    EXPECT_FALSE(registry.add(named("a"), true).ok());
    EXPECT_EQ(registry.find("a"), nullptr);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "state/tokens/a.token"));
}

TEST_F(VmRegistryTest, one_that_cannot_be_kept_anew_is_as_it_was) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(named("a"), true).ok());
    const auto region = regions_of(*registry.find("a"), "", "").value().input;
    const std::string token = registry.find("a")->token;
    refuse("state/vms.json.new");
    VmConfig larger = with_files("a");
    larger.memory_bytes *= 2;
    EXPECT_FALSE(registry.add(larger, true).ok());
    EXPECT_EQ(registry.find("a")->config.memory_bytes, 1U << 20);
    EXPECT_EQ(regions_of(*registry.find("a"), "", "").value().input, region);
    EXPECT_EQ(registry.find_by_token(token), registry.find("a"));
    EXPECT_FALSE(registry.remove("a").ok());
    ASSERT_NE(registry.find("a"), nullptr);
    EXPECT_EQ(registry.find_by_token(token), registry.find("a"));
}

TEST_F(VmRegistryTest, one_that_cannot_become_the_default_is_not_added) {
    {
        VmRegistry registry = open();
        ASSERT_TRUE(registry.add_default(named("a")).ok());
        for (const char* file : {"default.token.new", "state/default_vm.new"}) {
            refuse(file);
            EXPECT_FALSE(registry.add_default(named("b")).ok()) << file;
            EXPECT_FALSE(registry.make_default("a").ok()) << file;
            EXPECT_EQ(registry.find("b"), nullptr) << file;
            std::filesystem::remove(dir_ / file);
        }
        EXPECT_EQ(registry.default_vm().value(), "a");
        EXPECT_EQ(read_private_file(dir_ / "default.token").value(),
                  registry.find("a")->token + "\n");
    }
    EXPECT_EQ(open().find("b"), nullptr) << "nor after a restart";
}

TEST_F(VmRegistryTest, one_vms_spoilt_device_keeps_no_other_from_starting) {
    {
        VmRegistry registry = open();
        ASSERT_TRUE(registry.add(with_files("a"), true).ok());
        ASSERT_TRUE(registry.add(named("b"), true).ok());
    }
    std::filesystem::remove(dir_ / "in");
    std::filesystem::create_directory(dir_ / "in");
    for (int start = 0; start < 2; ++start) {
        VmRegistry registry = open();
        ASSERT_NE(registry.find("a"), nullptr) << "start " << start;
        ASSERT_NE(registry.find("b"), nullptr) << "start " << start;
        EXPECT_FALSE(regions_of(*registry.find("a"), dir_ / "in", dir_ / "out").ok());
        EXPECT_TRUE(regions_of(*registry.find("b"), "", "").ok());
    }
}

TEST_F(VmRegistryTest, a_spoilt_state_file_is_named) {
    { open(); }
    ASSERT_TRUE(write_private_file(dir_ / "state/vms.json", "{not json").ok());
    const auto registry = VmRegistry::open(dir_ / "state", dir_.path());
    ASSERT_FALSE(registry.ok());
    EXPECT_EQ(registry.error().code, Errc::corrupt);
    EXPECT_NE(registry.error().message.find("vms.json"), std::string::npos);
}

TEST_F(VmRegistryTest, the_default_token_is_the_chosen_vms_also_after_a_restart) {
    {
        VmRegistry registry = open();
        ASSERT_TRUE(registry.add(named("a"), true).ok());
        ASSERT_TRUE(registry.add(named("b"), true).ok());
        EXPECT_EQ(registry.default_vm().value(), "");
        EXPECT_EQ(registry.make_default("nobody").error().code, Errc::not_found);
        ASSERT_TRUE(registry.make_default("b").ok());
        EXPECT_EQ(read_private_file(dir_ / "default.token").value(),
                  registry.find("b")->token + "\n");
    }
    VmRegistry registry = open();
    EXPECT_EQ(registry.default_vm().value(), "b");
}

TEST_F(VmRegistryTest, a_default_that_is_removed_passes_to_local_then_to_the_first_then_to_nobody) {
    VmRegistry registry = open();
    for (const char* name : {"c", "local", "b"}) {
        ASSERT_TRUE(registry.add(named(name), true).ok());
    }
    ASSERT_TRUE(registry.make_default("c").ok());
    for (const auto& [removed, heir] :
         {std::pair("c", "local"), std::pair("local", "b"), std::pair("b", "")}) {
        ASSERT_TRUE(registry.remove(removed).ok());
        EXPECT_EQ(registry.default_vm().value(), heir);
        const auto token = read_private_file(dir_ / "default.token").value();
        EXPECT_EQ(token.has_value(), registry.find(heir) != nullptr);
        if (token) {
            EXPECT_EQ(registry.find_by_token(token->substr(0, 64)), registry.find(heir));
        }
    }
}

TEST_F(VmRegistryTest, a_default_stays_while_others_are_removed) {
    VmRegistry registry = open();
    for (const char* name : {"a", "b", "local"}) {
        ASSERT_TRUE(registry.add(named(name), true).ok());
    }
    ASSERT_TRUE(registry.make_default("b").ok());
    ASSERT_TRUE(registry.remove("a").ok());
    EXPECT_EQ(registry.default_vm().value(), "b");
}

TEST_F(VmRegistryTest, a_default_that_cannot_be_read_is_an_error_and_not_nobody) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(named("a"), true).ok());
    ASSERT_TRUE(registry.make_default("a").ok());
    ASSERT_EQ(::chmod((dir_ / "state/default_vm").c_str(), 0644), 0);
    ASSERT_FALSE(registry.default_vm().ok());
    EXPECT_EQ(registry.default_vm().error().code, Errc::permission_denied);
}

/// With a holder of devices on another thread.
class VmDevices : public VmRegistryTest {
  protected:
    VmRegistry open() { return VmRegistry::open(dir_ / "state", dir_.path(), &*holder_).value(); }
    void SetUp() override { holder_.emplace(*loop_, holder_settings(), ignore()); }
    [[nodiscard]] DoorbellHolder::Settings holder_settings() const {
        return {.runtime_dir = dir_.path()};
    }
    static DoorbellHolder::Listener ignore() {
        return [](auto, const auto&, const auto&) {};
    }
    static VmConfig with_devices(const std::string& name, std::uint32_t devices) {
        VmConfig config = named(name);
        config.devices = devices;
        config.vectors = 2;
        return config;
    }
    /// One that has the VM's in device.
    std::unique_ptr<test::DoorbellClient> machine(const Vm& vm) {
        auto client = std::make_unique<test::DoorbellClient>(vm.input->doorbells->socket_path);
        const std::uint64_t end = ivshmem::now_ns() + kTestPatienceNs;
        while (!vm.input->doorbells->connected) {
            EXPECT_LT(ivshmem::now_ns(), end);
            client->read_some();
            loop_->turn(1);
        }
        return client;
    }

    std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
    RunningHolder running_{{.runtime_dir = dir_.path(), .socket_dir = dir_ / "vm"}};
    std::optional<DoorbellHolder> holder_;
};

TEST_F(VmDevices, one_is_one_region_with_doorbells_for_sessions_and_local_processes_alike) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(with_devices("a", 1), true).ok());
    const auto regions = regions_of(*registry.find("a"), "", "").value();
    EXPECT_EQ(regions.input, regions.output);
    EXPECT_EQ(regions.input->name, "a");
    EXPECT_EQ(regions.input->path, "") << "by descriptor, through the region socket";
    ASSERT_NE(regions.input->doorbells, nullptr);
    EXPECT_EQ(regions.input->doorbells->host.size(), 2U);
    EXPECT_FALSE(regions_of(*registry.find("a"), "/dev/shm/x", "/dev/shm/x").ok());
}

TEST_F(VmDevices, two_have_names_sizes_and_doorbells_of_their_own) {
    VmRegistry registry = open();
    VmConfig config = with_devices("a", 2);
    config.out_memory_bytes = 2 << 20;
    ASSERT_TRUE(registry.add(config, true).ok());
    const auto regions = regions_of(*registry.find("a"), "", "").value();
    EXPECT_EQ(regions.input->name, "a.in");
    EXPECT_EQ(regions.output->name, "a.out");
    EXPECT_EQ(regions.input->region.size_bytes(), 1U << 20);
    EXPECT_EQ(regions.output->region.size_bytes(), 2U << 20);
    EXPECT_NE(regions.input->doorbells->socket_path, regions.output->doorbells->socket_path);
}

TEST_F(VmDevices, are_the_same_after_a_restart_with_a_machine_still_there) {
    ObjectIdentity identity;
    std::unique_ptr<test::DoorbellClient> client;
    {
        VmRegistry registry = open();
        ASSERT_TRUE(registry.add(with_devices("a", 1), true).ok());
        identity = registry.find("a")->input->region.identity();
        client = machine(*registry.find("a"));
    }
    holder_.emplace(*loop_, holder_settings(), ignore());
    const VmRegistry registry = open();
    const auto& device = registry.find("a")->input;
    ASSERT_NE(device, nullptr) << "had before anybody asks";
    EXPECT_EQ(device->region.identity(), identity);
    EXPECT_TRUE(device->doorbells->connected);
}

TEST_F(VmDevices, of_vms_that_are_no_more_go_with_the_next_start) {
    {
        VmRegistry registry = open();
        ASSERT_TRUE(registry.add(with_devices("a", 1), true).ok());
        ASSERT_TRUE(registry.add(with_devices("b", 1), false).ok());
    }
    holder_.emplace(*loop_, holder_settings(), ignore());
    open().forget_other_devices();
    EXPECT_TRUE(std::filesystem::exists(dir_ / "vm/a.sock"));
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vm/b.sock"));
}

TEST_F(VmDevices, do_not_change_under_a_machine) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(with_devices("a", 1), true).ok());
    const auto device = registry.find("a")->input;
    const auto client = machine(*registry.find("a"));
    for (const std::uint32_t devices : {0U, 2U}) {
        const auto refused = registry.add(with_devices("a", devices), true);
        ASSERT_FALSE(refused.ok()) << devices;
        EXPECT_EQ(refused.error().code, Errc::busy);
    }
    VmConfig caps = with_devices("a", 1);
    caps.max_sessions = 2;
    EXPECT_TRUE(registry.add(caps, true).ok()) << "what a machine does not see may change";
    EXPECT_EQ(registry.find("a")->input, device);
    EXPECT_EQ(registry.find("a")->config.max_sessions, 2U);
}

TEST_F(VmDevices, of_a_running_machine_stay_its_own_where_the_vm_is_refused) {
    std::unique_ptr<test::DoorbellClient> client;
    {
        VmRegistry registry = open();
        ASSERT_TRUE(registry.add(with_devices("a", 1), false).ok());
        client = machine(*registry.find("a"));
    }
    holder_.emplace(*loop_, holder_settings(), ignore());
    VmRegistry registry = open();
    ASSERT_EQ(registry.find("a"), nullptr) << "its configuration comes from elsewhere";
    VmConfig larger = with_devices("a", 1);
    larger.memory_bytes = 2 << 20;
    EXPECT_EQ(registry.add(larger, false).error().code, Errc::busy);
    refuse("state/vms.json.new");
    EXPECT_FALSE(registry.add(with_devices("a", 1), false).ok());
    EXPECT_EQ(registry.find("a"), nullptr);
    client->read_some();
    EXPECT_FALSE(client->turned_away());
    EXPECT_TRUE(std::filesystem::exists(dir_ / "vm/a.sock"));
}

TEST_F(VmDevices, that_cannot_be_had_at_the_start_are_had_once_the_machine_is_gone) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.configure(with_devices("a", 1)).ok());
    const auto client = machine(*registry.find("a"));
    VmConfig larger = with_devices("a", 1);
    larger.memory_bytes = 2 << 20;
    ASSERT_TRUE(registry.configure(larger).ok()) << "the service starts";
    const auto refused = regions_of(*registry.find("a"), "", "");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::busy);
    client->read_some();
    EXPECT_FALSE(client->turned_away());
    client->leave();
    const std::uint64_t end = ivshmem::now_ns() + kTestPatienceNs;
    while (!regions_of(*registry.find("a"), "", "").ok()) {
        ASSERT_LT(ivshmem::now_ns(), end);
    }
    EXPECT_EQ(registry.find("a")->input->region.size_bytes(), 2U << 20);
}

TEST_F(VmDevices, change_without_a_machine_and_leave_none_behind) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(with_devices("a", 2), true).ok());
    EXPECT_TRUE(std::filesystem::exists(dir_ / "vm/a.in.sock"));
    ASSERT_TRUE(registry.add(with_devices("a", 1), true).ok());
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vm/a.in.sock"));
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vm/a.out.sock"));
    EXPECT_TRUE(std::filesystem::exists(dir_ / "vm/a.sock"));
    ASSERT_TRUE(registry.add(named("a"), true).ok());
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vm/a.sock"));
    EXPECT_EQ(regions_of(*registry.find("a"), "", "")->input->doorbells, nullptr);
}

TEST_F(VmDevices, go_with_their_vm) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(with_devices("a", 1), true).ok());
    const auto before = registry.find("a")->input->region.identity();
    ASSERT_TRUE(registry.remove("a").ok());
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vm/a.sock"));
    ASSERT_TRUE(registry.add(with_devices("a", 1), true).ok());
    EXPECT_NE(registry.find("a")->input->region.identity(), before) << "nobody reads the old one's";
}

TEST_F(VmDevices, are_as_they_were_where_a_change_cannot_be_kept) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(with_devices("a", 1), true).ok());
    const auto identity = registry.find("a")->input->region.identity();
    refuse("state/vms.json.new");
    VmConfig caps = with_devices("a", 1);
    caps.max_sessions = 2;
    EXPECT_FALSE(registry.add(caps, true).ok());
    EXPECT_EQ(registry.find("a")->input->region.identity(), identity);
    EXPECT_FALSE(registry.add(with_devices("a", 2), true).ok());
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vm/a.in.sock"));
    EXPECT_EQ(registry.find("a")->input->region.identity(), identity);
    EXPECT_FALSE(registry.add(with_devices("b", 1), true).ok());
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vm/b.sock"));
}

TEST_F(VmDevices, for_a_user_that_is_none_are_refused_and_so_is_the_vm) {
    VmRegistry registry = open();
    VmConfig config = with_devices("a", 1);
    config.qemu_user = "no such user";
    EXPECT_EQ(registry.add(config, true).error().code, Errc::not_found);
    EXPECT_EQ(registry.find("a"), nullptr);
}

TEST_F(VmDevices, that_were_lost_are_other_memory_for_the_next_session) {
    VmRegistry registry = open();
    ASSERT_TRUE(registry.add(with_devices("a", 1), true).ok());
    const auto lost = registry.find("a")->input;
    registry.lose(*lost);
    EXPECT_EQ(registry.find("a")->input, nullptr);
    EXPECT_TRUE(regions_of(*registry.find("a"), "", "").ok());
}

TEST_F(VmRegistryTest, devices_without_a_holder_are_an_error_and_no_other_memory_instead) {
    VmRegistry registry = open();
    VmConfig config = named("a");
    config.devices = 1;
    const auto refused = registry.add(config, true);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::unsupported);
    EXPECT_NE(refused.error().message.find("mrda-doorbell"), std::string::npos);
    EXPECT_EQ(registry.find("a"), nullptr);
}

}  // namespace
}  // namespace mrda::service
