// SPDX-License-Identifier: MIT
#include <va/va_backend.h>

#include "soft_display.h"

namespace mrda::va_soft {
namespace {

using SoftConfig = SoftDisplay;

TEST_F(SoftConfig, video_processing_is_the_only_thing_offered) {
    std::vector<VAProfile> profiles(static_cast<std::size_t>(vaMaxNumProfiles(display_)));
    std::vector<VAEntrypoint> entrypoints(static_cast<std::size_t>(vaMaxNumEntrypoints(display_)));
    int count = 0;
    ASSERT_EQ(vaQueryConfigProfiles(display_, profiles.data(), &count), VA_STATUS_SUCCESS);
    ASSERT_EQ(count, 1);
    EXPECT_EQ(profiles[0], VAProfileNone);
    ASSERT_EQ(vaQueryConfigEntrypoints(display_, VAProfileNone, entrypoints.data(), &count),
              VA_STATUS_SUCCESS);
    ASSERT_EQ(count, 1);
    EXPECT_EQ(entrypoints[0], VAEntrypointVideoProc);
    EXPECT_EQ(vaQueryConfigEntrypoints(display_, VAProfileH264Main, entrypoints.data(), &count),
              VA_STATUS_ERROR_UNSUPPORTED_PROFILE);
}

TEST_F(SoftConfig, encoding_and_decoding_are_refused) {
    VAConfigID config = VA_INVALID_ID;
    EXPECT_EQ(
        vaCreateConfig(display_, VAProfileH264Main, VAEntrypointEncSlice, nullptr, 0, &config),
        VA_STATUS_ERROR_UNSUPPORTED_PROFILE);
    EXPECT_EQ(vaCreateConfig(display_, VAProfileNone, VAEntrypointVLD, nullptr, 0, &config),
              VA_STATUS_ERROR_UNSUPPORTED_ENTRYPOINT);
}

TEST_F(SoftConfig, unknown_attributes_are_reported_as_unsupported) {
    VAConfigAttrib attributes[] = {{VAConfigAttribRTFormat, 0}, {VAConfigAttribRateControl, 0}};
    ASSERT_EQ(vaGetConfigAttributes(display_, VAProfileNone, VAEntrypointVideoProc, attributes, 2),
              VA_STATUS_SUCCESS);
    EXPECT_EQ(attributes[0].value,
              static_cast<std::uint32_t>(VA_RT_FORMAT_YUV420 | VA_RT_FORMAT_YUV422 |
                                         VA_RT_FORMAT_YUV420_10 | VA_RT_FORMAT_RGB32));
    EXPECT_EQ(attributes[1].value, VA_ATTRIB_NOT_SUPPORTED);
    VAConfigID config = VA_INVALID_ID;
    EXPECT_EQ(
        vaCreateConfig(display_, VAProfileNone, VAEntrypointVideoProc, &attributes[1], 1, &config),
        VA_STATUS_ERROR_ATTR_NOT_SUPPORTED);
    attributes[0].value = VA_RT_FORMAT_YUV444;
    EXPECT_EQ(
        vaCreateConfig(display_, VAProfileNone, VAEntrypointVideoProc, attributes, 1, &config),
        VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT);
}

TEST_F(SoftConfig, a_config_says_what_it_was_made_of_until_it_is_destroyed) {
    VAConfigAttrib attribute{VAConfigAttribRTFormat, VA_RT_FORMAT_YUV420};
    VAConfigID config = VA_INVALID_ID;
    ASSERT_EQ(
        vaCreateConfig(display_, VAProfileNone, VAEntrypointVideoProc, &attribute, 1, &config),
        VA_STATUS_SUCCESS);
    VAProfile profile{};
    VAEntrypoint entrypoint{};
    std::vector<VAConfigAttrib> found(static_cast<std::size_t>(vaMaxNumConfigAttributes(display_)));
    int count = 0;
    ASSERT_EQ(
        vaQueryConfigAttributes(display_, config, &profile, &entrypoint, found.data(), &count),
        VA_STATUS_SUCCESS);
    EXPECT_EQ(entrypoint, VAEntrypointVideoProc);
    ASSERT_EQ(count, 1);
    EXPECT_EQ(found[0].value, static_cast<std::uint32_t>(VA_RT_FORMAT_YUV420));
    EXPECT_EQ(vaDestroyConfig(display_, config), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaDestroyConfig(display_, config), VA_STATUS_ERROR_INVALID_CONFIG);
}

TEST_F(SoftConfig, what_is_not_implemented_is_refused_without_a_crash) {
    VAMFContextID multi_frame = VA_INVALID_ID;
    VASubpictureID subpicture = VA_INVALID_ID;
    EXPECT_EQ(vaCreateMFContext(display_, &multi_frame), VA_STATUS_ERROR_UNIMPLEMENTED);
    EXPECT_EQ(vaCreateSubpicture(display_, VA_INVALID_ID, &subpicture),
              VA_STATUS_ERROR_UNIMPLEMENTED);
    VADisplayAttribute attribute{};
    attribute.type = VADisplayPCIID;
    attribute.flags = VA_DISPLAY_ATTRIB_GETTABLE;
    EXPECT_EQ(vaGetDisplayAttributes(display_, &attribute, 1), VA_STATUS_SUCCESS);
    EXPECT_EQ(attribute.flags, static_cast<std::uint32_t>(VA_DISPLAY_ATTRIB_NOT_SUPPORTED));
    EXPECT_EQ(vaSetDisplayAttributes(display_, &attribute, 1), VA_STATUS_ERROR_ATTR_NOT_SUPPORTED);
}

}  // namespace
}  // namespace mrda::va_soft
