// SPDX-License-Identifier: MIT
#include "user_id.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace mrda::service {
namespace {

TEST(UserId, is_known_by_name_by_number_and_of_nobody_named) {
    EXPECT_EQ(user_id("root").value(), 0U);
    EXPECT_EQ(user_id("65534").value(), 65534U);
    EXPECT_EQ(user_id("").value(), ::geteuid());
}

TEST(UserId, of_nobody_that_there_is_is_an_error_naming_it) {
    for (const char* user : {"no such user", "4294967295", "4294967296", "-1", "12x"}) {
        const auto found = user_id(user);
        ASSERT_FALSE(found.ok()) << user;
        EXPECT_EQ(found.error().code, Errc::not_found) << user;
        EXPECT_NE(found.error().message.find(user), std::string::npos);
    }
}

}  // namespace
}  // namespace mrda::service
