// SPDX-License-Identifier: MIT
#include "vm_registry.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "state_file.h"
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

}  // namespace
}  // namespace mrda::service
