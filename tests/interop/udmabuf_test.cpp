// SPDX-License-Identifier: MIT
#include "mrda/interop/udmabuf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "support/memfd.h"

namespace mrda {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kObjectBytes = 16 * kPageBytes;

void expect_invalid(const Result<DmaBuf>& made, const std::string& named) {
    ASSERT_FALSE(made.ok()) << named << " was accepted";
    EXPECT_EQ(made.error().code, Errc::invalid_argument) << made.error().message;
    EXPECT_THAT(made.error().message, HasSubstr(named));
}

TEST(Udmabuf, what_is_no_range_of_whole_pages_is_refused_naming_the_range) {
    const Fd memory = test::new_memfd(kObjectBytes);
    expect_invalid(export_range_as_dma_buf(memory.get(), 0, 100), "100 bytes at offset 0");
    expect_invalid(export_range_as_dma_buf(memory.get(), 7, kPageBytes), "at offset 7");
    expect_invalid(export_range_as_dma_buf(memory.get(), 0, 0), "of 0 bytes");
    expect_invalid(export_range_as_dma_buf(memory.get(), kPageBytes, kObjectBytes), "65536 bytes");
    expect_invalid(
        export_range_as_dma_buf(memory.get(), ~std::uint64_t{kPageBytes - 1}, kPageBytes),
        "asked of a memfd of 65536");
}

TEST(Udmabuf, memory_that_can_shrink_is_refused) {
    const Fd memory = test::unsealed_memfd(kObjectBytes);
    expect_invalid(export_range_as_dma_buf(memory.get(), 0, kPageBytes), "F_SEAL_SHRINK");
    expect_invalid(export_range_as_dma_buf(-1, 0, kPageBytes), "fd -1");
}

TEST(Udmabuf, a_range_becomes_a_dma_buf_that_shows_the_same_pages) {
    const Fd memory = test::new_memfd(kObjectBytes);
    const auto made = export_range_as_dma_buf(memory.get(), 4 * kPageBytes, 2 * kPageBytes);
    if (::access("/dev/udmabuf", F_OK) != 0) {
        ASSERT_FALSE(made.ok());
        EXPECT_EQ(made.error().code, Errc::unsupported);
        EXPECT_THAT(made.error().message, HasSubstr("modprobe udmabuf"));
        GTEST_SKIP() << "this kernel has no udmabuf";
    }
    if (!made.ok() && made.error().code == Errc::permission_denied) {
        GTEST_SKIP() << made.error().message;
    }
    ASSERT_TRUE(made.ok()) << to_string(made.error());
    EXPECT_EQ(made->kind(), DmaBuf::Kind::dma_buf);
    EXPECT_EQ(made->object_bytes(), 2 * kPageBytes);
    const char written[] = "the fifth page";
    ASSERT_EQ(::pwrite(memory.get(), written, sizeof written, 4 * kPageBytes),
              static_cast<ssize_t>(sizeof written));
    void* const seen = ::mmap(nullptr, kPageBytes, PROT_READ, MAP_SHARED, made->fd(), 0);
    ASSERT_NE(seen, MAP_FAILED);
    EXPECT_STREQ(static_cast<const char*>(seen), written);
    ::munmap(seen, kPageBytes);
}

}  // namespace
}  // namespace mrda
