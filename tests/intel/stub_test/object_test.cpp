// SPDX-License-Identifier: MIT
#include "stub/object.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "mrda/interop/fd.h"
#include "stub/settings.h"
#include "stub/tree.h"

namespace mrda::stub {
namespace {

constexpr std::uint64_t kPage = 4096;

TEST(Object, is_as_large_as_whole_pages) {
    for (const auto& [asked, given] : {std::pair<std::uint64_t, std::uint64_t>{1, kPage},
                                       {kPage - 1, kPage},
                                       {kPage, kPage},
                                       {kPage + 1, 2 * kPage}}) {
        const auto object = Object::create(asked, Region::system);
        ASSERT_NE(object, nullptr);
        EXPECT_EQ(object->size_bytes(), given) << asked;
        EXPECT_EQ(::lseek(object->memory(), 0, SEEK_END), static_cast<off_t>(given)) << asked;
    }
}

TEST(Object, is_not_made_where_no_memory_is_that_large) {
    EXPECT_EQ(Object::create(UINT64_MAX, Region::system), nullptr);
    EXPECT_EQ(Object::create(UINT64_MAX - kPage, Region::system), nullptr);
    EXPECT_EQ(Object::create(std::uint64_t{1} << 63, Region::system), nullptr);
}

TEST(Object, is_zeroed) {
    const auto object = Object::create(3 * kPage, Region::local);
    const std::byte* bytes = object->bytes();
    ASSERT_NE(bytes, nullptr);
    EXPECT_TRUE(std::all_of(bytes, bytes + object->size_bytes(),
                            [](std::byte value) { return value == std::byte{0}; }));
}

TEST(Object, has_a_number_that_no_other_has) {
    std::set<std::uint32_t> numbers{0};
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(numbers.insert(Object::create(1, Region::system)->number()).second);
        EXPECT_TRUE(numbers.insert(Object::of_user_pages(kPage, kPage)->number()).second);
    }
}

TEST(Object, is_itself_behind_each_of_its_descriptors) {
    const auto object = Object::create(kPage, Region::local);
    const Fd exported(object->export_fd(true));
    const Fd again(::fcntl(exported.get(), F_DUPFD_CLOEXEC, 0));
    EXPECT_EQ(Object::of_fd(exported.get()), object);
    EXPECT_EQ(Object::of_fd(again.get()), object);
    EXPECT_EQ(Object::of_fd(object->memory()), object);
    EXPECT_EQ(object_number_of_fd(again.get()), object->number());
}

TEST(Object, is_found_again_by_a_descriptor_that_outlived_it) {
    for (const Region region : {Region::system, Region::local}) {
        auto object = Object::create(2 * kPage, region);
        const std::uint32_t number = object->number();
        const Fd exported(object->export_fd(true));
        object->bytes()[kPage] = std::byte{42};
        object.reset();
        const auto found = Object::of_fd(exported.get());
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->number(), number);
        EXPECT_EQ(found->size_bytes(), 2 * kPage);
        EXPECT_EQ(found->region(), region);
        EXPECT_EQ(found->bytes()[kPage], std::byte{42});
        EXPECT_EQ(Object::of_fd(exported.get()), found);
    }
}

TEST(Object, is_behind_no_descriptor_of_anything_else) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const Fd reader(ends[0]);
    const Fd writer(ends[1]);
    const Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const Fd memory(::memfd_create("mrda-node", MFD_CLOEXEC));
    const Fd almost(::memfd_create("mrda-object-", MFD_CLOEXEC));
    for (const int fd : {reader.get(), file.get(), memory.get(), almost.get(), -1}) {
        EXPECT_EQ(Object::of_fd(fd), nullptr) << fd;
        EXPECT_EQ(object_number_of_fd(fd), 0U) << fd;
    }
}

TEST(Object, is_behind_no_descriptor_that_was_closed) {
    const auto object = Object::create(kPage, Region::system);
    const int closed = object->export_fd(true);
    ASSERT_EQ(::close(closed), 0);
    EXPECT_EQ(Object::of_fd(closed), nullptr);
}

TEST(Object, is_exported_with_the_flag_that_was_asked_for) {
    const auto object = Object::create(kPage, Region::system);
    const Fd closing(object->export_fd(true));
    const Fd staying(object->export_fd(false));
    EXPECT_NE(closing.get(), staying.get());
    EXPECT_EQ(::fcntl(closing.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(::fcntl(staying.get(), F_GETFD), 0);
}

TEST(Object, shares_its_pages_with_whoever_maps_its_descriptor) {
    const auto object = Object::create(kPage, Region::system);
    const Fd exported(object->export_fd(true));
    void* const mapped =
        ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, exported.get(), 0);
    ASSERT_NE(mapped, MAP_FAILED);
    static_cast<std::byte*>(mapped)[7] = std::byte{99};
    EXPECT_EQ(object->bytes()[7], std::byte{99});
    EXPECT_EQ(::munmap(mapped, kPage), 0);
}

TEST(Object, closes_its_memory_and_ends_its_mapping) {
    auto object = Object::create(kPage, Region::system);
    const int memory = object->memory();
    void* const mapped = object->bytes();
    object.reset();
    EXPECT_EQ(::fcntl(memory, F_GETFD), -1);
    unsigned char resident = 0;
    EXPECT_EQ(::mincore(mapped, kPage, &resident), -1);
    EXPECT_EQ(errno, ENOMEM);
}

TEST(Object, of_the_programs_pages_is_those_pages_and_cannot_be_exported) {
    alignas(kPage) std::array<std::byte, kPage> memory{};
    const auto object =
        Object::of_user_pages(reinterpret_cast<std::uint64_t>(memory.data()), kPage);
    EXPECT_TRUE(object->is_user_pages());
    EXPECT_EQ(object->bytes(), memory.data());
    EXPECT_EQ(object->memory(), -1);
    EXPECT_EQ(object->export_fd(true), -EINVAL);
}

[[noreturn]] void tell_number() {
    std::fprintf(stderr, "%u", Object::create(kPage, Region::system)->number());
    ::_exit(0);
}

TEST(Object, has_a_number_that_no_process_of_the_tree_took) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    // The processes begin this test anew, and find the tree that is there.
    if (std::getenv(kRootVariable) == nullptr) {
        std::string root = ::testing::TempDir() + "object_test.XXXXXX";
        ASSERT_NE(::mkdtemp(root.data()), nullptr);
        make_tree(root, parse_devices("adlp"));
        ::setenv(kRootVariable, root.c_str(), 1);
    }
    EXPECT_EXIT(tell_number(), ::testing::ExitedWithCode(0), ::testing::Eq("1"));
    EXPECT_EXIT(tell_number(), ::testing::ExitedWithCode(0), ::testing::Eq("2"));
    std::filesystem::remove_all(std::getenv(kRootVariable));
    ::unsetenv(kRootVariable);
}

}  // namespace
}  // namespace mrda::stub
