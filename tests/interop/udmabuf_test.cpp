// SPDX-License-Identifier: MIT
#include "mrda/interop/udmabuf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include "support/kernel_dma_buf.h"
#include "support/memfd.h"

namespace mrda {
namespace {

using testing::HasSubstr;

constexpr const char* kDevice = "/dev/udmabuf";
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

TEST(Udmabuf, without_the_device_there_is_none_and_the_mend_is_named) {
    if (::access(kDevice, F_OK) == 0) {
        GTEST_SKIP() << "this kernel has " << kDevice;
    }
    const Fd memory = test::new_memfd(kObjectBytes);
    const auto made = export_range_as_dma_buf(memory.get(), 0, kPageBytes);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, Errc::unsupported);
    EXPECT_THAT(made.error().message, HasSubstr("modprobe udmabuf"));
}

class KernelUdmabuf : public testing::Test {
  protected:
    void SetUp() override { MRDA_NEEDS_NODE(kDevice); }

    [[nodiscard]] DmaBuf made(std::uint64_t offset_bytes, std::uint64_t size_bytes) const {
        auto made = export_range_as_dma_buf(memory_.get(), offset_bytes, size_bytes);
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        return std::move(*made);
    }
    void write_memfd(std::string_view text, off_t offset_bytes) const {
        EXPECT_EQ(::pwrite(memory_.get(), text.data(), text.size(), offset_bytes),
                  static_cast<ssize_t>(text.size()));
    }
    [[nodiscard]] std::string read_memfd(std::size_t bytes, off_t offset_bytes) const {
        std::string text(bytes, '?');
        EXPECT_EQ(::pread(memory_.get(), text.data(), bytes, offset_bytes),
                  static_cast<ssize_t>(bytes));
        return text;
    }

    Fd memory_ = test::new_memfd(kObjectBytes);
};

TEST_F(KernelUdmabuf, is_a_true_dma_buf_of_the_range_asked_for) {
    const DmaBuf range = made(4 * kPageBytes, 2 * kPageBytes);
    EXPECT_EQ(range.kind(), DmaBuf::Kind::dma_buf);
    EXPECT_EQ(range.object_bytes(), 2 * kPageBytes);
    EXPECT_EQ(range.offset_bytes(), 0U);
    EXPECT_EQ(range.exporter(), "udmabuf");
    EXPECT_EQ(test::kernel_exporter_of(range.fd()), "udmabuf");
    EXPECT_EQ(test::kernel_exporter_of(memory_.get()), "");
}

TEST_F(KernelUdmabuf, shows_what_is_written_to_the_memfd_and_the_memfd_what_is_written_to_it) {
    const DmaBuf range = made(4 * kPageBytes, 2 * kPageBytes);
    const test::MappedObject seen(range.fd(), 2 * kPageBytes);
    write_memfd("the sixth page", 5 * kPageBytes);
    ASSERT_TRUE(range.begin_cpu_access(DmaBuf::Access::read_write).ok());
    EXPECT_EQ(std::string(seen.data() + kPageBytes), "the sixth page");
    std::strcpy(seen.data(), "the fifth page");
    ASSERT_TRUE(range.end_cpu_access(DmaBuf::Access::read_write).ok());
    EXPECT_EQ(read_memfd(14, 4 * kPageBytes), "the fifth page");
    EXPECT_EQ(read_memfd(kPageBytes, 3 * kPageBytes), std::string(kPageBytes, '\0'));
    EXPECT_EQ(read_memfd(kPageBytes, 6 * kPageBytes), std::string(kPageBytes, '\0'));
}

TEST_F(KernelUdmabuf, of_one_range_twice_is_two_objects_over_the_same_pages) {
    const DmaBuf one = made(0, kPageBytes);
    const DmaBuf other = made(0, kPageBytes);
    EXPECT_FALSE(one.identity() == other.identity());
    const test::MappedObject written(one.fd(), kPageBytes);
    const test::MappedObject read(other.fd(), kPageBytes);
    std::strcpy(written.data(), "one");
    EXPECT_STREQ(read.data(), "one");
}

TEST_F(KernelUdmabuf, keeps_its_pages_when_the_memfd_is_gone) {
    write_memfd("still here", 0);
    const DmaBuf range = made(0, kObjectBytes);
    memory_.reset();
    const test::MappedObject seen(range.fd(), kObjectBytes);
    EXPECT_STREQ(seen.data(), "still here");
}

TEST_F(KernelUdmabuf, of_more_than_the_kernels_limit_is_refused_with_the_limit) {
    std::uint64_t limit_mib = 0;
    std::ifstream("/sys/module/udmabuf/parameters/size_limit_mb") >> limit_mib;
    ASSERT_NE(limit_mib, 0U);
    const std::uint64_t bytes = (limit_mib << 20) + kPageBytes;
    const Fd large = test::new_memfd(bytes);  // No page of it is allocated.
    const auto refused = export_range_as_dma_buf(large.get(), 0, bytes);
    expect_invalid(refused, std::to_string(bytes) + " bytes");
    EXPECT_THAT(refused.error().message,
                HasSubstr("at most " + std::to_string(limit_mib) + " MiB"));
    EXPECT_THAT(refused.error().message, HasSubstr("udmabuf.size_limit_mb"));
}

}  // namespace
}  // namespace mrda
