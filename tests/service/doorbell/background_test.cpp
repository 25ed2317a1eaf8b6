// SPDX-License-Identifier: MIT
#include "background.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "mrda/interop/fd.h"
#include "service/host/temp_dir.h"

namespace mrda::service {
namespace {

TEST(ShortenLog, empties_one_that_is_too_long_and_what_is_written_next_is_its_first) {
    const TempDir dir;
    const std::string path = dir / "log";
    const Fd log(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    ASSERT_EQ(::write(log.get(), "0123456789", 10), 10);
    ASSERT_TRUE(shorten_log(log.get(), 10).ok());
    EXPECT_EQ(std::filesystem::file_size(path), 10U);
    ASSERT_TRUE(shorten_log(log.get(), 9).ok());
    ASSERT_EQ(::write(log.get(), "next", 4), 4);
    EXPECT_EQ(std::filesystem::file_size(path), 4U);
    EXPECT_EQ(shorten_log(-1, 9).error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace mrda::service
