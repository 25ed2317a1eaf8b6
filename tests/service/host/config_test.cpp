// SPDX-License-Identifier: MIT
#include "config.h"

#include <gtest/gtest.h>

#include <fstream>

#include "temp_dir.h"

namespace mrda::service {
namespace {

class ConfigFile : public testing::Test {
  protected:
    Result<Config> read(const std::string& text) {
        std::ofstream(dir_ / "config.toml") << text;
        Config config;
        const auto done = read_config_file(dir_ / "config.toml", config);
        if (!done.ok()) {
            return done.error();
        }
        return config;
    }
    void expect_refused(const std::string& text, const std::string& says) {
        const auto config = read(text);
        ASSERT_FALSE(config.ok()) << text;
        EXPECT_EQ(config.error().code, Errc::invalid_argument);
        EXPECT_NE(config.error().message.find(says), std::string::npos) << config.error().message;
    }

    TempDir dir_;
};

TEST_F(ConfigFile, may_give_a_vm_devices_with_doorbells) {
    const auto config = read(
        "[[vm]]\nname = \"a\"\ndevices = 2\nvectors = 4\nqemu_user = \"libvirt-qemu\"\n"
        "[[vm]]\nname = \"b\"\n");
    ASSERT_TRUE(config.ok()) << to_string(config.error());
    EXPECT_EQ(config->vms[0].devices, 2U);
    EXPECT_EQ(config->vms[0].vectors, 4U);
    EXPECT_EQ(config->vms[0].qemu_user, "libvirt-qemu");
    EXPECT_EQ(config->vms[1].devices, 0U);
    EXPECT_EQ(config->vms[1].vectors, 16U);
    expect_refused("[[vm]]\nname = \"a\"\ndevices = \"two\"\n", "devices");
}

TEST_F(ConfigFile, says_one_plugin_folder_or_a_list) {
    EXPECT_EQ(read("plugin_dir = \"/a\"\n").value().plugin_dirs, std::vector<std::string>({"/a"}));
    EXPECT_EQ(read("plugin_dirs = [\"/a\", \"/b\"]\n").value().plugin_dirs,
              std::vector<std::string>({"/a", "/b"}));
    expect_refused("plugin_dirs = \"/a\"\n", "a list of texts");
    expect_refused("plugin_dirs = [\"/a\", 1]\n", "a list of texts");
    expect_refused("plugin_dir = \"/a\"\nplugin_dirs = [\"/b\"]\n", "plugin_dirs: put all");
}

TEST_F(ConfigFile, says_everything) {
    const auto config = read(R"(
addr = "127.0.0.1:50051"
lease_ms = 1000
platform = "software"
log_format = "json"
start_doorbell = false
socket_dir = "/run/sockets"
[limits]
cpu_load = 0.5
memory_reserve_mib = 10
[[vm]]
name = "a"
memory_bytes = 1000000
[[vm]]
name = "b"
max_sessions = 2
)");
    ASSERT_TRUE(config.ok()) << to_string(config.error());
    EXPECT_EQ(config->address, "127.0.0.1:50051");
    EXPECT_EQ(config->lease_ms, 1000U);
    EXPECT_EQ(config->platform, PlatformRequest::software);
    EXPECT_TRUE(config->json_log);
    EXPECT_FALSE(config->start_doorbell);
    EXPECT_EQ(config->socket_dir, "/run/sockets");
    EXPECT_EQ(config->limits.memory_reserve_bytes, 10U << 20);
    ASSERT_EQ(config->vms.size(), 2U);
    EXPECT_EQ(config->vms[1].max_sessions, 2U);
}

TEST_F(ConfigFile, an_unknown_key_or_a_wrong_type_is_named) {
    expect_refused("adr = \"x\"\n", "adr");
    expect_refused("lease_ms = \"soon\"\n", "lease_ms");
    expect_refused("lease_ms = -1\n", "lease_ms");
    expect_refused("[limits]\nbogus = 1\n", "bogus");
    expect_refused("[[vm]]\nname = \"a\"\nmax_sessions = 5000000000\n", "max_sessions");
    expect_refused("log_format = \"xml\"\n", "xml");
    expect_refused("vm = 3\n", "vm");
    expect_refused("addr = \n", "line 1");
}

}  // namespace
}  // namespace mrda::service
