// SPDX-License-Identifier: MIT
#include "mfx_error.h"

#include <gtest/gtest.h>

namespace mrda::vpl {
namespace {

Result<void> call_that_gives(mfxStatus status) {
    const auto call = [](mfxStatus given) { return given; };
    MRDA_MFX_TRY(call, (status), "the call was made");
    return {};
}

TEST(MfxError, names_the_status_as_the_header_does) {
    EXPECT_EQ(status_name(MFX_ERR_UNSUPPORTED), "MFX_ERR_UNSUPPORTED");
    EXPECT_EQ(status_name(MFX_WRN_DEVICE_BUSY), "MFX_WRN_DEVICE_BUSY");
}

TEST(MfxError, shows_the_number_of_a_status_it_has_no_name_for) {
    EXPECT_EQ(status_name(static_cast<mfxStatus>(-4711)), "mfxStatus -4711");
}

TEST(MfxError, carries_the_call_the_status_and_what_a_caller_branches_on) {
    const Error error = mfx_error("MFXVideoENCODE_Init", MFX_ERR_MEMORY_ALLOC, "no start");
    EXPECT_EQ(error.code, Errc::out_of_memory);
    EXPECT_EQ(error.api, Api::mfx);
    EXPECT_EQ(error.native, MFX_ERR_MEMORY_ALLOC);
    EXPECT_EQ(to_string(error).find("no start: MFX_ERR_MEMORY_ALLOC"), 0U);
    EXPECT_NE(to_string(error).find("MFXVideoENCODE_Init"), std::string::npos);
}

TEST(MfxError, tells_apart_what_a_caller_treats_differently) {
    EXPECT_EQ(mfx_error("", MFX_WRN_IN_EXECUTION, "").code, Errc::timeout);
    EXPECT_EQ(mfx_error("", MFX_WRN_DEVICE_BUSY, "").code, Errc::busy);
    EXPECT_EQ(mfx_error("", MFX_ERR_NOT_ENOUGH_BUFFER, "").code, Errc::exhausted);
    EXPECT_EQ(mfx_error("", MFX_ERR_GPU_HANG, "").code, Errc::device_lost);
    EXPECT_EQ(mfx_error("", MFX_ERR_DEVICE_LOST, "").code, Errc::device_lost);
    EXPECT_EQ(mfx_error("", static_cast<mfxStatus>(-4711), "").code, Errc::io);
}

TEST(MfxError, is_made_of_errors_and_not_of_warnings) {
    EXPECT_TRUE(call_that_gives(MFX_ERR_NONE).ok());
    EXPECT_TRUE(call_that_gives(MFX_WRN_PARTIAL_ACCELERATION).ok());
    const auto failed = call_that_gives(MFX_ERR_UNSUPPORTED);
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, Errc::unsupported);
    EXPECT_EQ(failed.error().call, "call");
}

}  // namespace
}  // namespace mrda::vpl
