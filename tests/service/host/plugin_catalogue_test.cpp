// SPDX-License-Identifier: MIT
#include "plugin_catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "temp_dir.h"

namespace mrda::service {
namespace {

using testing::HasSubstr;

/// With a probe that counts how often it is run, and says so as a version.
class PluginCatalogueTest : public testing::Test {
  protected:
    void probe_says(const std::string& body) {
        std::ofstream(probe_) << "#!/bin/sh\necho look >>" << dir_ / "looks"
                              << "\n"
                              << body << "\n";
        ASSERT_EQ(::chmod(probe_.c_str(), 0700), 0);
    }
    void SetUp() override {
        std::filesystem::create_directory(folder_);
        probe_says("echo '{\"plugins\":[{\"name\":\"a\",\"version\":\"'$(wc -l <" +
                   (dir_ / "looks") + ")'\",\"folder\":\"'$2'\"}]}'");
    }
    Result<v1::ListPluginsReply> list(bool again = false) {
        std::optional<Result<v1::ListPluginsReply>> answer;
        catalogue_.list(again, [&](const auto& listed) { answer.emplace(listed); });
        while (!answer) {
            loop_->turn(-1);
        }
        return *answer;
    }
    std::string looks(bool again = false) { return list(again).value().plugins(0).version(); }

    TempDir dir_;
    std::string folder_ = dir_ / "plugins";
    std::string probe_ = dir_ / "mrda-probe";
    std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
    PluginCatalogue catalogue_{*loop_, probe_, {folder_}};
};

TEST_F(PluginCatalogueTest, asks_the_probe_of_its_folders) {
    const auto listed = list();
    ASSERT_TRUE(listed.ok()) << to_string(listed.error());
    EXPECT_EQ(listed->plugins(0).folder(), folder_);
}

TEST_F(PluginCatalogueTest, looks_again_where_a_file_has_changed_or_it_is_told_to) {
    EXPECT_EQ(looks(), "1");
    EXPECT_EQ(looks(), "1");
    std::ofstream(folder_ + "/libmrda_b.so") << "b";
    EXPECT_EQ(looks(), "2");
    EXPECT_EQ(looks(), "2");
    std::ofstream(folder_ + "/libmrda_b.so") << "longer";
    EXPECT_EQ(looks(), "3") << "of a file that was written over";
    ASSERT_EQ(::chmod((folder_ + "/libmrda_b.so").c_str(), 0757), 0);
    EXPECT_EQ(looks(), "4") << "of one that others can write now";
    EXPECT_EQ(looks(true), "5");
}

TEST_F(PluginCatalogueTest, one_look_answers_all_who_wait_for_it) {
    int answers = 0;
    for (int i = 0; i < 3; ++i) {
        catalogue_.list(false, [&](const auto& listed) {
            EXPECT_TRUE(listed.ok());
            ++answers;
        });
    }
    while (answers < 3) {
        loop_->turn(-1);
    }
    EXPECT_EQ(looks(), "1");
}

TEST_F(PluginCatalogueTest, a_change_during_a_look_is_seen_by_who_asked_after_it) {
    catalogue_.list(false, [](const auto&) {});
    std::ofstream(folder_ + "/libmrda_b.so") << "b";
    EXPECT_EQ(looks(), "2");
    catalogue_.list(true, [](const auto&) {});
    EXPECT_EQ(looks(), "3") << "nothing has changed since that look began";
}

TEST_F(PluginCatalogueTest, a_probe_that_fails_or_talks_nonsense_is_an_error_and_is_asked_again) {
    probe_says("exit 3");
    EXPECT_THAT(list().error().message, HasSubstr("exit code 3"));
    probe_says("echo '{\"plugins\": 7}'");
    EXPECT_EQ(list().error().code, Errc::corrupt);
    probe_says("echo '{}'");
    EXPECT_TRUE(list().ok());
}

TEST_F(PluginCatalogueTest, who_waits_is_answered_when_it_closes) {
    std::optional<Errc> code;
    catalogue_.list(false, [&](const auto& listed) { code = listed.error().code; });
    catalogue_.close();
    EXPECT_EQ(code, Errc::end_of_stream);
    EXPECT_EQ(list().error().code, Errc::end_of_stream);
}

TEST(Plugins, what_the_probe_says_may_have_fields_that_nobody_knows) {
    const auto parsed = parse_plugins(
        R"({"plugins":[{"name":"a","later":1,"kinds":[{"type":"encoder","codecs":["avc"],
            "inputs":[{"name":"NV12","bits_per_pixel":12}]}],
            "devices":[{"banks":[{"size_bytes":8589934592}]}]}],"folders":[]})");
    ASSERT_TRUE(parsed.ok()) << to_string(parsed.error());
    EXPECT_EQ(parsed->plugins(0).kinds(0).inputs(0).bits_per_pixel(), 12U);
    EXPECT_EQ(parsed->plugins(0).devices(0).banks(0).size_bytes(), std::uint64_t{8} << 30);
    EXPECT_EQ(parse_plugins("").error().code, Errc::corrupt);
}

}  // namespace
}  // namespace mrda::service
