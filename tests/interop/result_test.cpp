// SPDX-License-Identifier: MIT
#include "mrda/interop/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string>

namespace mrda {
namespace {

using testing::HasSubstr;

Result<int> half_of(int number) {
    if (number % 2 != 0) {
        return make_error(Errc::invalid_argument, std::to_string(number) + " is odd");
    }
    return number / 2;
}

Result<int> quarter_of(int number) {
    MRDA_ASSIGN(const int half, half_of(number));
    MRDA_ASSIGN(const int quarter, half_of(half));
    return quarter;
}

Result<void> check_even(int number, bool& reached_the_end) {
    MRDA_TRY(half_of(number));
    reached_the_end = true;
    return {};
}

Result<std::unique_ptr<int>> boxed(int number) {
    return std::make_unique<int>(number);
}

TEST(Result, holds_a_value) {
    const auto result = half_of(42);
    ASSERT_TRUE(result.ok());
    EXPECT_TRUE(static_cast<bool>(result));
    EXPECT_EQ(*result, 21);
}

TEST(Result, holds_an_error) {
    const auto result = half_of(7);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Errc::invalid_argument);
    EXPECT_EQ(result.error().message, "7 is odd");
}

TEST(Result, gives_a_move_only_value_away) {
    std::unique_ptr<int> owned = boxed(5).value();
    ASSERT_NE(owned, nullptr);
    EXPECT_EQ(*owned, 5);
    auto result = boxed(6);
    std::unique_ptr<int> moved = *std::move(result);
    EXPECT_EQ(*moved, 6);
}

TEST(Result, arrow_reaches_the_value) {
    Result<std::string> result = std::string("surface");
    EXPECT_EQ(result->size(), 7U);
    result->append("s");
    EXPECT_EQ(*result, "surfaces");
}

TEST(Result, assign_hands_on_the_value_or_the_first_error) {
    ASSERT_TRUE(quarter_of(12).ok());
    EXPECT_EQ(*quarter_of(12), 3);
    EXPECT_EQ(quarter_of(14).error().message, "7 is odd");
    EXPECT_EQ(quarter_of(3).error().message, "3 is odd");
}

TEST(Result, try_leaves_on_an_error_and_goes_on_otherwise) {
    bool reached_the_end = false;
    EXPECT_FALSE(check_even(3, reached_the_end).ok());
    EXPECT_FALSE(reached_the_end);
    EXPECT_TRUE(check_even(4, reached_the_end).ok());
    EXPECT_TRUE(reached_the_end);
}

TEST(Result, of_nothing_is_success_unless_an_error_was_given) {
    EXPECT_TRUE(Result<void>().ok());
    const Result<void> failed = make_error(Errc::busy, "later");
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, Errc::busy);
}

TEST(ResultDeathTest, asking_for_the_wrong_one_ends_the_process) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_DEATH(static_cast<void>(half_of(7).value()), "");
    EXPECT_DEATH(static_cast<void>(half_of(8).error()), "");
    EXPECT_DEATH(static_cast<void>(Result<void>().error()), "");
}

TEST(Error, of_our_own_is_printed_as_its_message) {
    EXPECT_EQ(to_string(make_error(Errc::internal, "a broken invariant")), "a broken invariant");
}

TEST(Error, of_the_system_names_the_call_the_number_and_its_meaning) {
    const Error error = os_error("open", ENOENT, "cannot open /nowhere");
    EXPECT_EQ(error.code, Errc::not_found);
    EXPECT_EQ(error.api, Api::os);
    EXPECT_EQ(error.native, ENOENT);
    EXPECT_EQ(to_string(error), "cannot open /nowhere: No such file or directory (open: errno 2)");
}

TEST(Error, of_level_zero_is_printed_in_hexadecimal) {
    const Error error{Errc::unsupported, Api::ze, 0x78000003, "zeMemAllocDevice", "no memory"};
    EXPECT_EQ(to_string(error), "no memory (zeMemAllocDevice: ze_result_t 0x78000003)");
    const Error zero{Errc::internal, Api::ze, 0, "zeInit", "nothing"};
    EXPECT_THAT(to_string(zero), HasSubstr("ze_result_t 0x0)"));
}

TEST(Error, of_va_and_onevpl_is_printed_in_decimal) {
    const Error va{Errc::unsupported, Api::va, 14, "vaCreateSurfaces", "no such format"};
    EXPECT_EQ(to_string(va), "no such format (vaCreateSurfaces: VAStatus 14)");
    const Error mfx{Errc::unsupported, Api::mfx, -3, "MFXVideoENCODE_Init", "no encoder"};
    EXPECT_EQ(to_string(mfx), "no encoder (MFXVideoENCODE_Init: mfxStatus -3)");
}

TEST(Error, code_follows_from_errno) {
    const std::pair<int, Errc> expected[] = {
        {EBADF, Errc::invalid_argument},
        {EINVAL, Errc::invalid_argument},
        {ENODEV, Errc::not_found},
        {EACCES, Errc::permission_denied},
        {EPERM, Errc::permission_denied},
        {ENOMEM, Errc::out_of_memory},
        {EMFILE, Errc::exhausted},
        {ENOSPC, Errc::exhausted},
        {EBUSY, Errc::busy},
        {ETIMEDOUT, Errc::timeout},
        {ENOTTY, Errc::unsupported},
        {EIO, Errc::io},
        {EPIPE, Errc::io},
    };
    for (const auto& [number, code] : expected) {
        EXPECT_EQ(os_error("call", number, "").code, code) << "errno " << number;
    }
}

TEST(Error, every_code_and_api_has_a_name_of_its_own) {
    std::set<std::string_view> codes;
    for (int i = 0; i <= static_cast<int>(Errc::internal); ++i) {
        codes.insert(to_string(static_cast<Errc>(i)));
    }
    EXPECT_EQ(codes.size(), static_cast<std::size_t>(Errc::internal) + 1);
    EXPECT_EQ(codes.count("unknown"), 0U);
    std::set<std::string_view> apis;
    for (int i = 0; i <= static_cast<int>(Api::av); ++i) {
        apis.insert(to_string(static_cast<Api>(i)));
    }
    EXPECT_EQ(apis.size(), static_cast<std::size_t>(Api::av) + 1);
    EXPECT_EQ(apis.count("unknown"), 0U);
}

}  // namespace
}  // namespace mrda
