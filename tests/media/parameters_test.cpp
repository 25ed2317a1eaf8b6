// SPDX-License-Identifier: MIT
#include "mrda/media/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mrda::media {
namespace {

using ::testing::HasSubstr;

mrda_parameter integer(const char* name, std::int64_t value) {
    return {.name = name, .type = MRDA_PARAMETER_INTEGER, .reserved = 0, .value = {value}};
}
mrda_parameter text(const char* name, const char* value) {
    mrda_parameter made{};
    made.name = name;
    made.type = MRDA_PARAMETER_TEXT;
    made.value.text = value;
    return made;
}
mrda_session_config config_with(const std::vector<mrda_parameter>& parameters) {
    mrda_session_config config{};
    config.parameters = parameters.data();
    config.parameter_count = static_cast<std::uint32_t>(parameters.size());
    return config;
}
template <typename T>
void expect_refused(const Result<T>& done, const std::string& words) {
    ASSERT_FALSE(done.ok()) << words;
    EXPECT_EQ(done.error().code, Errc::invalid_argument);
    EXPECT_THAT(done.error().message, HasSubstr(words));
}

TEST(MediaParameters, that_are_known_are_taken_and_others_are_refused_by_name) {
    const std::vector<mrda_parameter> given{integer("rotation", 90), text("mirror", "none")};
    const mrda_session_config config = config_with(given);
    EXPECT_TRUE(check_parameters(config, {"mirror", "rotation"}).ok());
    expect_refused(check_parameters(config, {"mirror"}),
                   "\"rotation\" is not known; the session has mirror");
    expect_refused(check_parameters(config, {}), "\"rotation\" is not known; the session has none");
    EXPECT_TRUE(check_parameters(mrda_session_config{}, {}).ok());
}

TEST(MediaParameters, without_a_name_are_refused) {
    const std::vector<mrda_parameter> given{integer(nullptr, 1)};
    expect_refused(check_parameters(config_with(given), {"mirror"}), "\"\" is not known");
}

TEST(MediaParameters, of_integers_keep_within_their_range) {
    const std::vector<mrda_parameter> given{integer("sharpness", 100), integer("denoise", -1)};
    const mrda_session_config config = config_with(given);
    EXPECT_EQ(integer_parameter(config, "sharpness", 0, 100).value(), 100);
    EXPECT_EQ(integer_parameter(config, "contrast", 0, 100).value(), std::nullopt);
    expect_refused(integer_parameter(config, "denoise", 0, 100),
                   "\"denoise\" is -1, and must be from 0 to 100");
}

TEST(MediaParameters, that_choose_give_the_choices_position) {
    const std::vector<mrda_parameter> given{integer("rotation", 180), text("mirror", "vertical"),
                                            text("colour", nullptr)};
    const mrda_session_config config = config_with(given);
    EXPECT_EQ(integer_choice(config, "rotation", {0, 90, 180, 270}).value(), 2U);
    EXPECT_EQ(text_choice(config, "mirror", {"none", "horizontal", "vertical"}).value(), 2U);
    EXPECT_EQ(text_choice(config, "other", {"none"}).value(), std::nullopt);
    expect_refused(integer_choice(config, "rotation", {0, 90}),
                   "\"rotation\" is 180, and must be one of 0, 90");
    expect_refused(text_choice(config, "mirror", {"none", "horizontal"}),
                   "\"mirror\" is vertical, and must be one of none, horizontal");
    expect_refused(text_choice(config, "colour", {"red"}), "\"colour\" is ");
}

TEST(MediaParameters, of_another_type_are_refused_naming_both) {
    const std::vector<mrda_parameter> given{integer("mirror", 1), text("rotation", "90")};
    const mrda_session_config config = config_with(given);
    expect_refused(text_choice(config, "mirror", {"none"}),
                   "\"mirror\" is an integer, and must be text");
    expect_refused(integer_choice(config, "rotation", {0, 90}),
                   "\"rotation\" is text, and must be an integer");
}

}  // namespace
}  // namespace mrda::media
