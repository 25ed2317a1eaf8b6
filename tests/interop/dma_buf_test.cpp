// SPDX-License-Identifier: MIT
#include "mrda/interop/dma_buf.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <string>
#include <unordered_set>

#include "mrda/interop/sync.h"

namespace mrda {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kObjectBytes = 65536;

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

Fd new_memfd(unsigned flags = MFD_CLOEXEC) {
    Fd fd(::memfd_create("mrda-test", flags));
    EXPECT_EQ(::ftruncate(fd.get(), kObjectBytes), 0);
    return fd;
}

/// A DMA-BUF of the kernel's over a memfd, or nothing and the reason.
Fd new_udmabuf(std::string& reason) {
    const Fd device(::open("/dev/udmabuf", O_RDWR | O_CLOEXEC));
    if (!device) {
        reason = std::string("/dev/udmabuf: ") + std::strerror(errno);
        return {};
    }
    const Fd memory = new_memfd(MFD_CLOEXEC | MFD_ALLOW_SEALING);
    EXPECT_EQ(::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
    const udmabuf_create request{.memfd = static_cast<std::uint32_t>(memory.get()),
                                 .flags = UDMABUF_FLAGS_CLOEXEC,
                                 .offset = 0,
                                 .size = kObjectBytes};
    Fd made(::ioctl(device.get(), UDMABUF_CREATE, &request));
    if (!made) {
        reason = std::string("UDMABUF_CREATE: ") + std::strerror(errno);
    }
    return made;
}

void expect_invalid(const Result<DmaBuf>& result, const std::string& named) {
    ASSERT_FALSE(result.ok()) << named << " was accepted";
    EXPECT_EQ(result.error().code, Errc::invalid_argument) << result.error().message;
    EXPECT_THAT(to_string(result.error()), HasSubstr(named));
}

TEST(DmaBuf, a_memfd_is_adopted_and_known_for_one) {
    auto buffer = DmaBuf::adopt(new_memfd(), 4096, 8192, "the test");
    ASSERT_TRUE(buffer.ok()) << buffer.error().message;
    EXPECT_EQ(buffer->kind(), DmaBuf::Kind::memfd);
    EXPECT_EQ(to_string(buffer->kind()), "memfd");
    EXPECT_EQ(buffer->offset_bytes(), 4096U);
    EXPECT_EQ(buffer->size_bytes(), 8192U);
    EXPECT_EQ(buffer->object_bytes(), kObjectBytes);
    EXPECT_EQ(buffer->exporter(), "the test");
}

TEST(DmaBuf, a_memfd_is_refused_by_name_where_a_gpu_would_import_it) {
    auto buffer = DmaBuf::adopt(new_memfd(), 0, kObjectBytes, "Level Zero");
    ASSERT_TRUE(buffer.ok());
    const auto refused = buffer->require_dma_buf();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::unsupported);
    EXPECT_THAT(refused.error().message, HasSubstr("from Level Zero is a memfd"));
    EXPECT_THAT(refused.error().message, HasSubstr("udmabuf"));
}

TEST(DmaBuf, adopting_leaves_the_shared_file_position_alone) {
    Fd memory = new_memfd();
    ASSERT_EQ(::lseek(memory.get(), 123, SEEK_SET), 123);
    auto copy = duplicate_fd(memory.get());
    ASSERT_TRUE(copy.ok());
    ASSERT_TRUE(DmaBuf::adopt(std::move(*copy), 0, kObjectBytes, "the test").ok());
    EXPECT_EQ(::lseek(memory.get(), 0, SEEK_CUR), 123);
}

TEST(DmaBuf, a_closed_descriptor_is_named) {
    Fd memory = new_memfd();
    const int number = memory.get();
    memory.reset();
    // Whoever closes it again at the end must meet EBADF, which FdPolicy ignores.
    expect_invalid(DmaBuf::adopt(Fd(number), 0, 4096, "the test"), "fd " + std::to_string(number));
    expect_invalid(DmaBuf::adopt(Fd(), 0, 4096, "the test"), "fd -1");
}

TEST(DmaBuf, a_descriptor_of_another_kind_is_refused_and_closed) {
    for (const char* path : {"/dev/null", "/proc/self/status"}) {
        Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
        ASSERT_TRUE(fd.valid()) << path;
        const int number = fd.get();
        expect_invalid(DmaBuf::adopt(std::move(fd), 0, 1, "a mistake"),
                       "from a mistake is neither a DMA-BUF nor a memfd");
        EXPECT_FALSE(is_open(number)) << path;
    }
}

TEST(DmaBuf, a_range_outside_the_object_is_refused_with_its_numbers) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    const auto adopt = [](std::uint64_t offset, std::uint64_t size) {
        return DmaBuf::adopt(new_memfd(), offset, size, "the test");
    };
    expect_invalid(adopt(0, kObjectBytes + 1), "the object has 65536");
    expect_invalid(adopt(4096, kObjectBytes), "65536 bytes at offset 4096");
    expect_invalid(adopt(kObjectBytes, 1), "1 bytes at offset 65536");
    expect_invalid(adopt(kMost, 2), std::to_string(kMost));
    expect_invalid(adopt(2, kMost), std::to_string(kMost));
    expect_invalid(adopt(0, 0), "0 bytes");
    EXPECT_TRUE(adopt(kObjectBytes - 1, 1).ok());
}

TEST(DmaBuf, identity_survives_duplication_and_tells_objects_apart) {
    auto one = DmaBuf::adopt(new_memfd(), 0, kObjectBytes, "one");
    auto other = DmaBuf::adopt(new_memfd(), 0, kObjectBytes, "other");
    ASSERT_TRUE(one.ok() && other.ok());
    auto copy = one->duplicate();
    ASSERT_TRUE(copy.ok());
    EXPECT_NE(copy->fd(), one->fd());
    EXPECT_EQ(copy->identity(), one->identity());
    EXPECT_EQ(copy->exporter(), "one");
    EXPECT_FALSE(one->identity() == other->identity());
    const std::unordered_set<ObjectIdentity> cache{one->identity(), copy->identity(),
                                                   other->identity()};
    EXPECT_EQ(cache.size(), 2U);
}

TEST(DmaBuf, identity_is_not_fooled_by_a_reused_descriptor_number) {
    Fd first = new_memfd();
    const int number = first.get();
    const auto old = identify(number);
    // Keeps the first object alive, so that its inode stays taken.
    const auto kept = duplicate_fd(number);
    first.reset();
    Fd second = new_memfd();
    ASSERT_EQ(second.get(), number) << "the kernel gives the lowest free number";
    ASSERT_TRUE(old.ok() && kept.ok());
    EXPECT_FALSE(*identify(number) == *old);
}

TEST(DmaBuf, identifying_a_closed_descriptor_is_an_error) {
    const auto identity = identify(-1);
    ASSERT_FALSE(identity.ok());
    EXPECT_EQ(identity.error().code, Errc::invalid_argument);
    EXPECT_EQ(identity.error().native, EBADF);
}

TEST(DmaBuf, a_memfd_needs_no_cache_maintenance_and_has_no_sync_file) {
    auto buffer = DmaBuf::adopt(new_memfd(), 0, kObjectBytes, "the test");
    ASSERT_TRUE(buffer.ok());
    EXPECT_TRUE(buffer->begin_cpu_access(DmaBuf::Access::read_write).ok());
    EXPECT_TRUE(buffer->end_cpu_access(DmaBuf::Access::read_write).ok());
    const auto exported = buffer->export_sync_file(DmaBuf::Access::read);
    ASSERT_FALSE(exported.ok());
    EXPECT_EQ(exported.error().code, Errc::unsupported);
    EXPECT_EQ(exported.error().native, ENOTTY);
    const auto imported = buffer->import_sync_file(-1, DmaBuf::Access::write);
    ASSERT_FALSE(imported.ok());
    EXPECT_EQ(imported.error().code, Errc::unsupported);
}

TEST(DmaBuf, nothing_is_left_open_by_ten_thousand_adoptions) {
    Fd memory = new_memfd();
    const int next_free = duplicate_fd(memory.get())->get();
    for (int i = 0; i < 10000; ++i) {
        auto copy = duplicate_fd(memory.get());
        ASSERT_TRUE(copy.ok());
        auto buffer = DmaBuf::adopt(std::move(*copy), 0, i % 2 == 0 ? 4096 : 0, "the test");
        ASSERT_EQ(buffer.ok(), i % 2 == 0);
        if (buffer.ok()) {
            ASSERT_TRUE(buffer->duplicate().ok());
        }
    }
    EXPECT_EQ(duplicate_fd(memory.get())->get(), next_free);
}

TEST(DmaBuf, a_true_one_is_known_synchronised_and_fenced) {
    std::string reason;
    Fd made = new_udmabuf(reason);
    if (!made) {
        GTEST_SKIP() << "no true DMA-BUF can be made here; " << reason;
    }
    auto buffer = DmaBuf::adopt(std::move(made), 4096, 8192, "udmabuf");
    ASSERT_TRUE(buffer.ok()) << buffer.error().message;
    EXPECT_EQ(buffer->kind(), DmaBuf::Kind::dma_buf);
    EXPECT_EQ(to_string(buffer->kind()), "dma-buf");
    EXPECT_EQ(buffer->object_bytes(), kObjectBytes);
    EXPECT_TRUE(buffer->require_dma_buf().ok());
    EXPECT_TRUE(buffer->begin_cpu_access(DmaBuf::Access::write).ok());
    EXPECT_TRUE(buffer->end_cpu_access(DmaBuf::Access::write).ok());
    auto fence = buffer->export_sync_file(DmaBuf::Access::read_write);
    if (!fence.ok() && fence.error().code == Errc::unsupported) {
        GTEST_SKIP() << "this kernel has no sync_file for DMA-BUFs: " << fence.error().message;
    }
    ASSERT_TRUE(fence.ok()) << fence.error().message;
    EXPECT_TRUE(buffer->import_sync_file(fence->get(), DmaBuf::Access::write).ok());
    EXPECT_TRUE(Sync::sync_file(std::move(*fence)).wait().ok());
    expect_invalid(DmaBuf::adopt(std::move(*duplicate_fd(buffer->fd())), 0, kObjectBytes + 1, "x"),
                   "the object has 65536");
}

}  // namespace
}  // namespace mrda
