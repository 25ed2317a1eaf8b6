// SPDX-License-Identifier: MIT
#include "mrda/interop/seals.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "support/memfd.h"

namespace mrda {
namespace {

using testing::HasSubstr;

constexpr std::size_t kBytes = 65536;

void expect_refused(int fd, const std::string& found, const std::string& mend) {
    const auto size = unshrinkable_size_bytes(fd);
    ASSERT_FALSE(size.ok()) << "fd " << fd << " was accepted";
    EXPECT_EQ(size.error().code, Errc::invalid_argument);
    EXPECT_THAT(to_string(size.error()), HasSubstr("fd " + std::to_string(fd)));
    EXPECT_THAT(to_string(size.error()), HasSubstr(found));
    EXPECT_THAT(to_string(size.error()), HasSubstr(mend));
}

TEST(Seals, a_memfd_that_cannot_shrink_gives_its_size_and_keeps_its_position) {
    const Fd memory = test::new_memfd(kBytes);
    ASSERT_EQ(::lseek(memory.get(), 123, SEEK_SET), 123);
    const auto size = unshrinkable_size_bytes(memory.get());
    ASSERT_TRUE(size.ok()) << to_string(size.error());
    EXPECT_EQ(*size, kBytes);
    EXPECT_EQ(::lseek(memory.get(), 0, SEEK_CUR), 123);
    EXPECT_NE(::ftruncate(memory.get(), 0), 0);
}

TEST(Seals, a_memfd_that_can_shrink_is_refused_until_it_is_sealed) {
    const Fd memory = test::unsealed_memfd(kBytes);
    expect_refused(memory.get(), "without F_SEAL_SHRINK", "seal it with F_SEAL_SHRINK");
    test::seal(memory.get());
    EXPECT_TRUE(unshrinkable_size_bytes(memory.get()).ok());
}

TEST(Seals, other_seals_do_not_stand_in_for_the_one_against_shrinking) {
    const Fd memory = test::unsealed_memfd(kBytes);
    ASSERT_EQ(::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_GROW), 0);
    expect_refused(memory.get(), "without F_SEAL_SHRINK", "seal it with F_SEAL_SHRINK");
}

TEST(Seals, a_memfd_that_takes_no_seal_any_more_is_refused_with_another_mend) {
    const Fd memory(::memfd_create("mrda-test", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(memory.get(), kBytes), 0);
    expect_refused(memory.get(), "takes no seal any more", "MFD_ALLOW_SEALING");
}

TEST(Seals, a_file_in_shared_memory_is_refused_as_it_cannot_be_sealed) {
    std::string path = "/dev/shm/mrda-test-XXXXXX";
    const Fd file(::mkostemp(path.data(), O_CLOEXEC));
    if (!file) {
        GTEST_SKIP() << "/dev/shm cannot be written to here";
    }
    ASSERT_EQ(::unlink(path.c_str()), 0);
    expect_refused(file.get(), "takes no seal any more", "MFD_ALLOW_SEALING");
}

TEST(Seals, a_file_on_a_disk_is_refused) {
    const Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(file.valid());
    expect_refused(file.get(), "F_SEAL_SHRINK", "pass a");
}

TEST(Seals, what_is_no_memory_is_refused) {
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    expect_refused(null.get(), "neither a DMA-BUF nor a memfd", "");
    const Fd folder(::open("/", O_RDONLY | O_CLOEXEC));
    expect_refused(folder.get(), "neither a DMA-BUF nor a memfd", "");
    expect_refused(-1, "", "");
}

}  // namespace
}  // namespace mrda
