// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>

#include "config.h"
#include "mrda/interop/version.h"

namespace mrda::service {
namespace {

Result<Config> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "mrda-service");
    return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

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
    for (const char* option :
         {"--addr", "--config", "--log-format", "--tls-cert", "--state-dir", "--socket-dir"}) {
        EXPECT_NE(help.error().message.find(option), std::string::npos) << option;
    }
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

TEST(CommandLine, a_socket_folder_is_made_absolute_and_is_no_folder_that_holds_secrets) {
    EXPECT_EQ(parse({"--socket-dir", "vm/"})->socket_dir,
              (std::filesystem::current_path() / "vm").string());
    EXPECT_EQ(parse({"--runtime-dir", "/r", "--socket-dir", "/r/vm"})->socket_dir, "/r/vm");
    for (const char* const dir : {"/a/r", "/a/r/", "/a/s", "/a", "/"}) {
        const auto refused =
            parse({"--runtime-dir", "/a/r", "--state-dir", "/a/s", "--socket-dir", dir});
        ASSERT_FALSE(refused.ok()) << dir;
        EXPECT_NE(refused.error().message.find("which is private"), std::string::npos) << dir;
    }
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

}  // namespace
}  // namespace mrda::service
