// SPDX-License-Identifier: MIT
#include "mrda/interop/exit_code.h"

#include <gtest/gtest.h>

namespace mrda {
namespace {

TEST(ExitCode, never_says_success) {
    for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
        EXPECT_NE(exit_code_of(static_cast<Errc>(code)), 0) << code;
    }
}

TEST(ExitCode, tells_who_ran_the_program_what_went_wrong) {
    for (const Errc code : {Errc::invalid_argument, Errc::not_found, Errc::unsupported,
                            Errc::permission_denied, Errc::exhausted, Errc::corrupt}) {
        EXPECT_EQ(errc_of_exit_code(exit_code_of(code)), code);
    }
}

TEST(ExitCode, of_no_meaning_is_an_io_error) {
    EXPECT_EQ(errc_of_exit_code(1), Errc::io);
    EXPECT_EQ(errc_of_exit_code(127), Errc::io);
    EXPECT_EQ(errc_of_exit_code(-1), Errc::io);
}

}  // namespace
}  // namespace mrda
