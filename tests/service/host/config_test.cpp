// SPDX-License-Identifier: MIT
#include "config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "mrda/interop/version.h"
#include "temp_dir.h"

namespace mrda::service {
namespace {

Result<Config> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "mrda-service");
    return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

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

TEST(CommandLine, of_the_first_generation_still_works) {
    const auto config = parse({"-addr", "127.0.0.1:50051"});
    ASSERT_TRUE(config.ok());
    EXPECT_EQ(config->address, "127.0.0.1:50051");
    EXPECT_FALSE(config->runtime_dir.empty());
    EXPECT_FALSE(config->state_dir.empty());
}

TEST(CommandLine, help_lists_every_option) {
    const auto help = parse({"--help"});
    ASSERT_FALSE(help.ok());
    EXPECT_EQ(help.error().code, Errc::end_of_stream);
    for (const char* option : {"--addr", "--config", "--log-format", "--tls-cert", "--state-dir"}) {
        EXPECT_NE(help.error().message.find(option), std::string::npos) << option;
    }
}

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

TEST(CommandLine, tells_its_version) {
    const auto version = parse({"--version"});
    ASSERT_FALSE(version.ok());
    EXPECT_EQ(version.error().code, Errc::end_of_stream);
    EXPECT_EQ(version.error().message, std::string("mrda-service ") + mrda::version() + "\n");
}

TEST(CommandLine, what_is_wrong_is_named) {
    EXPECT_NE(parse({"--bogus"}).error().message.find("--bogus"), std::string::npos);
    EXPECT_NE(parse({"--log-format", "xml"}).error().message.find("xml"), std::string::npos);
    EXPECT_NE(parse({"--platform", "moon"}).error().message.find("moon"), std::string::npos);
    EXPECT_FALSE(parse({"--config", "/nowhere/at/all.toml"}).ok());
}

TEST(Address, only_loopback_goes_without_tls) {
    Config config;
    for (const char* good :
         {"", "127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/tmp/x"}) {
        config.address = good;
        EXPECT_TRUE(check_address(config).ok()) << good;
    }
    for (const char* bad : {"0.0.0.0:1", "192.168.1.5:1", "[::]:1", "example.org:1", "nothing",
                            "localhost.example.org:1"}) {
        config.address = bad;
        EXPECT_EQ(check_address(config).error().code, Errc::invalid_argument) << bad;
    }
    config.address = "0.0.0.0:1";
    config.tls = {"cert", "key", "ca"};
    EXPECT_TRUE(check_address(config).ok());
    config.tls.client_ca.clear();
    EXPECT_FALSE(check_address(config).ok()) << "TLS is mutual";
}

TEST(CommandLine, a_lease_that_cannot_be_is_refused) {
    EXPECT_NE(parse({"--lease-ms", "99999999999"}).error().message.find("lease_ms"),
              std::string::npos);
}

TEST(CommandLine, takes_several_plugin_folders_in_their_order_and_makes_them_absolute) {
    const auto config = parse({"--plugin-dir", "/mine", "--plugin-dir", "below/../theirs"});
    ASSERT_TRUE(config.ok()) << to_string(config.error());
    ASSERT_EQ(config->plugin_dirs.size(), 2U);
    EXPECT_EQ(config->plugin_dirs[0], "/mine");
    EXPECT_EQ(config->plugin_dirs[1],
              (std::filesystem::current_path() / "theirs").lexically_normal().string());
    EXPECT_TRUE(parse({}).value().plugin_dirs.empty());
}

TEST(CommandLine, plugin_folders_that_cannot_be_or_are_too_many_are_refused) {
    EXPECT_NE(parse({"--plugin-dir", ""}).error().message.find("name a folder"), std::string::npos);
    std::vector<const char*> many;
    for (int i = 0; i < 17; ++i) {
        many.insert(many.end(), {"--plugin-dir", "/a"});
    }
    EXPECT_NE(parse(many).error().message.find("17 plugin folders"), std::string::npos);
    const std::string long_name = "/" + std::string(3000, 'a');
    EXPECT_NE(parse({"--plugin-dir", long_name.c_str()}).error().message.find("3001 bytes"),
              std::string::npos);
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
