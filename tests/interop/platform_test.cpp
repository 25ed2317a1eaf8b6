// SPDX-License-Identifier: MIT
#include "mrda/interop/platform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "config.h"
#include "interop/temp_files.h"

namespace mrda {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// Has a fake mrda-probe and a fake set of drivers, and puts the environment back.
class PlatformTest : public testing::Test {
  protected:
    static constexpr const char* kVariables[] = {
        "MRDA_BIN_DIR",      "MRDA_DRIVER_DIR",       "ZE_ENABLE_ALT_DRIVERS", "LIBVA_DRIVERS_PATH",
        "LIBVA_DRIVER_NAME", "LIBVA_MESSAGING_LEVEL", "ONEVPL_PRIORITY_PATH"};

    PlatformTest() {
        for (const char* name : kVariables) {
            const char* value = std::getenv(name);
            saved_.emplace_back(name, value == nullptr ? std::optional<std::string>() : value);
            ::unsetenv(name);
        }
        ::setenv("MRDA_BIN_DIR", dir_.path().c_str(), 1);
        ::setenv("MRDA_DRIVER_DIR", dir_.path().c_str(), 1);
        static_cast<void>(dir_.file("libmrda_ze.so"));
    }
    ~PlatformTest() override {
        for (const auto& [name, value] : saved_) {
            if (value) {
                ::setenv(name.c_str(), value->c_str(), 1);
            } else {
                ::unsetenv(name.c_str());
            }
        }
    }

    void probe(const std::string& body) { static_cast<void>(dir_.script("mrda-probe", body)); }

    static std::string environment(const char* name) {
        const char* value = std::getenv(name);
        return value == nullptr ? "(unset)" : value;
    }

    TempDir dir_;

  private:
    std::vector<std::pair<std::string, std::optional<std::string>>> saved_;
};

TEST_F(PlatformTest, libva_is_to_say_errors_alone_unless_the_environment_wants_more) {
    probe("exit 0");
    ASSERT_TRUE(choose_platform(PlatformRequest::gpu, {}).ok());
    EXPECT_EQ(environment("LIBVA_MESSAGING_LEVEL"), "1");
    ::setenv("LIBVA_MESSAGING_LEVEL", "2", 1);
    ASSERT_TRUE(choose_platform(PlatformRequest::gpu, {}).ok());
    EXPECT_EQ(environment("LIBVA_MESSAGING_LEVEL"), "2");
}

TEST_F(PlatformTest, a_probe_whose_libraries_are_missing_is_said_not_to_start) {
    probe("exit 127");
    const auto choice = choose_platform(PlatformRequest::gpu, {});
    ASSERT_FALSE(choice.ok());
    EXPECT_EQ(choice.error().code, Errc::not_found);
    EXPECT_THAT(choice.error().message, HasSubstr("mrda-probe does not start"));
    EXPECT_THAT(choice.error().message, HasSubstr("mrdactl doctor"));
}

TEST_F(PlatformTest, names_are_read_and_others_refused_by_name) {
    EXPECT_EQ(*parse_platform("auto"), PlatformRequest::automatic);
    EXPECT_EQ(*parse_platform("gpu"), PlatformRequest::gpu);
    EXPECT_EQ(*parse_platform("software"), PlatformRequest::software);
    const auto parsed = parse_platform("cuda");
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
    EXPECT_THAT(parsed.error().message, HasSubstr("\"cuda\": choose auto, gpu or software"));
}

TEST_F(PlatformTest, software_points_every_loader_at_our_drivers_without_a_probe) {
    probe("touch \"$(dirname \"$0\")/asked\"");
    const auto choice = choose_platform(PlatformRequest::software, std::nullopt);
    ASSERT_TRUE(choice.ok()) << choice.error().message;
    EXPECT_EQ(choice->platform, Platform::software);
    EXPECT_THAT(choice->notice, IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(dir_.path() + "/asked"));
    EXPECT_EQ(environment("ZE_ENABLE_ALT_DRIVERS"), dir_.path() + "/libmrda_ze.so");
    EXPECT_EQ(environment("LIBVA_DRIVERS_PATH"), dir_.path());
    EXPECT_EQ(environment("LIBVA_DRIVER_NAME"), "mrda");
    EXPECT_EQ(environment("ONEVPL_PRIORITY_PATH"), dir_.path());
}

TEST_F(PlatformTest, a_probe_that_succeeds_gives_the_gpu_and_an_untouched_environment) {
    probe("exit 0");
    for (const auto request : {PlatformRequest::automatic, PlatformRequest::gpu}) {
        const auto choice = choose_platform(request, std::nullopt);
        ASSERT_TRUE(choice.ok()) << choice.error().message;
        EXPECT_EQ(choice->platform, Platform::gpu);
        EXPECT_EQ(to_string(choice->platform), "gpu");
        EXPECT_THAT(choice->notice, IsEmpty());
    }
    EXPECT_EQ(environment("ZE_ENABLE_ALT_DRIVERS"), "(unset)");
    EXPECT_EQ(environment("LIBVA_DRIVER_NAME"), "(unset)");
}

TEST_F(PlatformTest, the_probe_is_asked_for_the_chain_of_that_device) {
    probe("echo \"$*\"; exit 1");
    const auto anyone = choose_platform(PlatformRequest::gpu, std::nullopt);
    ASSERT_FALSE(anyone.ok());
    EXPECT_THAT(anyone.error().message, ::testing::EndsWith("no usable GPU: --chain"));
    const auto one = choose_platform(PlatformRequest::gpu, PciAddress{0, 3, 0, 0});
    ASSERT_FALSE(one.ok());
    EXPECT_THAT(one.error().message, HasSubstr("--chain --device 0000:03:00.0"));
}

TEST_F(PlatformTest, gpu_is_an_error_with_the_probes_words) {
    probe("echo 'renderD128: permission denied; usermod -aG render USER'; exit 5");
    const auto choice = choose_platform(PlatformRequest::gpu, std::nullopt);
    ASSERT_FALSE(choice.ok());
    EXPECT_EQ(choice.error().code, Errc::permission_denied);
    EXPECT_THAT(choice.error().message, HasSubstr("usermod -aG render USER"));
    EXPECT_EQ(environment("LIBVA_DRIVER_NAME"), "(unset)");
}

TEST_F(PlatformTest, auto_falls_back_to_software_and_says_why) {
    probe("echo 'renderD128: permission denied'; exit 1");
    const auto choice = choose_platform(PlatformRequest::automatic, std::nullopt);
    ASSERT_TRUE(choice.ok()) << choice.error().message;
    EXPECT_EQ(choice->platform, Platform::software);
    EXPECT_THAT(choice->notice, HasSubstr("software drivers are used"));
    EXPECT_THAT(choice->notice, HasSubstr("renderD128: permission denied"));
    EXPECT_EQ(environment("LIBVA_DRIVER_NAME"), "mrda");
}

TEST_F(PlatformTest, a_driver_that_crashes_the_probe_is_a_reason) {
    probe("echo 'opening renderD128'; kill -SEGV $$");
    const auto choice = choose_platform(PlatformRequest::gpu, std::nullopt);
    ASSERT_FALSE(choice.ok());
    EXPECT_THAT(choice.error().message, HasSubstr("by signal 11, after:\nopening renderD128"));
}

TEST_F(PlatformTest, a_probe_that_fails_in_silence_is_reported_by_its_exit_code) {
    probe("exit 42");
    const auto choice = choose_platform(PlatformRequest::gpu, std::nullopt);
    ASSERT_FALSE(choice.ok());
    EXPECT_THAT(choice.error().message, HasSubstr("mrda-probe ended with 42"));
}

TEST_F(PlatformTest, a_probe_that_cannot_be_run_is_a_reason) {
    static_cast<void>(dir_.file("mrda-probe", "no program"));
    const auto choice = choose_platform(PlatformRequest::automatic, std::nullopt);
    ASSERT_TRUE(choice.ok()) << choice.error().message;
    EXPECT_EQ(choice->platform, Platform::software);
    EXPECT_THAT(choice->notice, HasSubstr("cannot start " + dir_.path() + "/mrda-probe"));
}

TEST_F(PlatformTest, gpu_where_no_probe_was_built_names_the_places_looked_at) {
    if (std::filesystem::exists(MRDA_INSTALL_BIN_DIR "/mrda-probe")) {
        GTEST_SKIP() << "MRDA is installed in " MRDA_INSTALL_BIN_DIR ", so there is a probe";
    }
    const TempDir empty;
    ::setenv("MRDA_BIN_DIR", empty.path().c_str(), 1);
    const auto choice = choose_platform(PlatformRequest::gpu, std::nullopt);
    ASSERT_FALSE(choice.ok());
    EXPECT_THAT(choice.error().message, HasSubstr("no usable GPU"));
    EXPECT_THAT(choice.error().message, HasSubstr(empty.path() + "/mrda-probe"));
}

TEST_F(PlatformTest, a_named_folder_without_software_drivers_is_refused_by_name) {
    const TempDir empty;
    ::setenv("MRDA_DRIVER_DIR", empty.path().c_str(), 1);
    const auto found = software_driver_dir();
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, Errc::not_found);
    EXPECT_THAT(found.error().message, HasSubstr(empty.path() + "/libmrda_ze.so"));
}

}  // namespace
}  // namespace mrda
