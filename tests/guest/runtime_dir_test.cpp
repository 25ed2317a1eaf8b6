// SPDX-License-Identifier: MIT
#include "runtime_dir.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace mrda {
namespace {

TEST(RuntimeDir, is_what_the_environment_says_first) {
    ::setenv("MRDA_RUNTIME_DIR", "/of/mrda", 1);
    ::setenv("XDG_RUNTIME_DIR", "/of/user", 1);
    EXPECT_EQ(runtime_dir().value(), "/of/mrda");
    ::setenv("MRDA_RUNTIME_DIR", "", 1);
    EXPECT_EQ(runtime_dir().value(), "/of/user/mrda");
}

TEST(RuntimeDir, is_the_users_own_below_tmp_where_the_environment_says_nothing) {
    ::unsetenv("MRDA_RUNTIME_DIR");
    ::unsetenv("XDG_RUNTIME_DIR");
    const std::string wanted = "/tmp/mrda-" + std::to_string(::geteuid());
    const auto found = runtime_dir();
    if (found.ok()) {
        EXPECT_EQ(*found, wanted);
    } else {
        // Somebody has made it, and it is not ours alone.
        EXPECT_EQ(found.error().code, Errc::permission_denied);
        EXPECT_NE(found.error().message.find(wanted), std::string::npos);
    }
}

}  // namespace
}  // namespace mrda
