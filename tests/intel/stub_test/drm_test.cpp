// SPDX-License-Identifier: MIT
#include <drm.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "mrda/interop/fd.h"
#include "open_node.h"

namespace mrda::stub {
namespace {

constexpr std::uint64_t kPage = 4096;

std::shared_ptr<Object> one_page() {
    return Object::create(kPage, Region::system);
}

class Drm : public ::testing::Test {
  protected:
    /// A descriptor of the handle's object, or a negative errno.
    static int export_from(test::OpenNode& node, std::uint32_t handle) {
        drm_prime_handle asked{handle, DRM_CLOEXEC, -1};
        const int result = node.ioctl(DRM_IOCTL_PRIME_HANDLE_TO_FD, asked);
        return result == 0 ? asked.fd : result;
    }
    /// The handle, or a negative errno.
    static int import_into(test::OpenNode& node, int fd) {
        drm_prime_handle asked{0, 0, fd};
        const int result = node.ioctl(DRM_IOCTL_PRIME_FD_TO_HANDLE, asked);
        return result == 0 ? static_cast<int>(asked.handle) : result;
    }

    test::OpenNode maker_{"adlp"};
    test::OpenNode importer_{"dg2"};
};

TEST_F(Drm, closes_a_handle_once) {
    const std::uint32_t handle = maker_.add(one_page());
    EXPECT_EQ(maker_.close(handle), 0);
    EXPECT_EQ(maker_.close(handle), -EINVAL);
    EXPECT_EQ(maker_.node().find(handle), nullptr);
}

TEST_F(Drm, refuses_to_close_what_was_never_open) {
    EXPECT_EQ(maker_.close(0), -EINVAL);
    EXPECT_EQ(maker_.close(77), -EINVAL);
    const std::uint32_t handle = maker_.add(one_page());
    EXPECT_EQ(importer_.close(handle), -EINVAL);
}

TEST_F(Drm, gives_the_lowest_handle_that_is_free) {
    const auto first = one_page();
    EXPECT_EQ(maker_.add(first), 1U);
    EXPECT_EQ(maker_.add(one_page()), 2U);
    EXPECT_EQ(maker_.add(one_page()), 3U);
    EXPECT_EQ(maker_.close(2), 0);
    EXPECT_EQ(maker_.add(one_page()), 2U);
    EXPECT_EQ(maker_.add(one_page()), 4U);
    EXPECT_EQ(maker_.add(first), 1U);
}

TEST_F(Drm, imports_an_object_under_one_handle_however_often) {
    const Fd exported(export_from(maker_, maker_.add(one_page())));
    ASSERT_TRUE(exported.valid());
    const Fd again(::fcntl(exported.get(), F_DUPFD_CLOEXEC, 0));
    const int handle = import_into(importer_, exported.get());
    EXPECT_GT(handle, 0);
    EXPECT_EQ(import_into(importer_, exported.get()), handle);
    EXPECT_EQ(import_into(importer_, again.get()), handle);
    EXPECT_EQ(importer_.node().handles.size(), 1U);
}

TEST_F(Drm, imports_into_its_maker_under_the_makers_handle) {
    const std::uint32_t handle = maker_.add(one_page());
    const Fd exported(export_from(maker_, handle));
    EXPECT_EQ(import_into(maker_, exported.get()), static_cast<int>(handle));
    // What one of the two closes, both have lost.
    EXPECT_EQ(maker_.close(handle), 0);
    EXPECT_EQ(maker_.close(handle), -EINVAL);
}

TEST_F(Drm, imports_the_very_object_and_marks_it_shared) {
    const auto object = one_page();
    EXPECT_FALSE(object->shared);
    const Fd exported(export_from(maker_, maker_.add(object)));
    EXPECT_TRUE(object->shared);
    const int handle = import_into(importer_, exported.get());
    EXPECT_EQ(importer_.node().find(static_cast<std::uint32_t>(handle)), object);
}

TEST_F(Drm, imports_different_objects_under_different_handles) {
    const Fd first(export_from(maker_, maker_.add(one_page())));
    const Fd second(export_from(maker_, maker_.add(one_page())));
    EXPECT_NE(import_into(importer_, first.get()), import_into(importer_, second.get()));
}

TEST_F(Drm, imports_what_its_maker_has_closed) {
    const std::uint32_t made = maker_.add(one_page());
    const std::uint32_t number = maker_.node().find(made)->number();
    const Fd exported(export_from(maker_, made));
    ASSERT_EQ(maker_.close(made), 0);
    const int handle = import_into(importer_, exported.get());
    ASSERT_GT(handle, 0);
    const auto object = importer_.node().find(static_cast<std::uint32_t>(handle));
    EXPECT_EQ(object->number(), number);
    EXPECT_TRUE(object->shared);
}

TEST_F(Drm, imports_no_descriptor_of_anything_else) {
    const Fd memory(::memfd_create("pages", MFD_CLOEXEC));
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int fd : {memory.get(), null.get(), -1}) {
        EXPECT_EQ(import_into(importer_, fd), -EINVAL);
    }
    EXPECT_TRUE(importer_.node().handles.empty());
}

TEST_F(Drm, exports_neither_unknown_handles_nor_the_programs_pages) {
    EXPECT_EQ(export_from(maker_, 5), -ENOENT);
    const auto pages = Object::of_user_pages(16 * kPage, kPage);
    EXPECT_EQ(export_from(maker_, maker_.add(pages)), -EINVAL);
    EXPECT_FALSE(pages->shared);
}

TEST_F(Drm, tells_its_name_as_far_as_there_is_room) {
    std::array<char, 8> name{};
    drm_version asked{};
    asked.name = name.data();
    asked.name_len = 2;
    ASSERT_EQ(maker_.ioctl(DRM_IOCTL_VERSION, asked), 0);
    EXPECT_EQ(asked.name_len, 4U);
    EXPECT_STREQ(name.data(), "i9");
    asked.name_len = name.size();
    ASSERT_EQ(maker_.ioctl(DRM_IOCTL_VERSION, asked), 0);
    EXPECT_STREQ(name.data(), "i915");
}

TEST_F(Drm, tells_the_lengths_of_its_names_where_there_is_no_room) {
    drm_version asked{};
    ASSERT_EQ(maker_.ioctl(DRM_IOCTL_VERSION, asked), 0);
    EXPECT_EQ(asked.name_len, 4U);
    EXPECT_GT(asked.date_len, 0U);
    EXPECT_GT(asked.desc_len, 0U);
}

TEST_F(Drm, can_import_and_export) {
    drm_get_cap asked{DRM_CAP_PRIME, 0};
    ASSERT_EQ(maker_.ioctl(DRM_IOCTL_GET_CAP, asked), 0);
    EXPECT_EQ(asked.value, static_cast<std::uint64_t>(DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT));
}

TEST_F(Drm, waits_for_sync_objects_that_it_knows) {
    drm_syncobj_create made{};
    ASSERT_EQ(maker_.ioctl(DRM_IOCTL_SYNCOBJ_CREATE, made), 0);
    std::array<std::uint32_t, 2> handles{made.handle, made.handle + 1};
    drm_syncobj_wait asked{};
    asked.handles = reinterpret_cast<std::uint64_t>(handles.data());
    asked.count_handles = 1;
    EXPECT_EQ(maker_.ioctl(DRM_IOCTL_SYNCOBJ_WAIT, asked), 0);
    asked.count_handles = 2;
    EXPECT_EQ(maker_.ioctl(DRM_IOCTL_SYNCOBJ_WAIT, asked), -ENOENT);
    drm_syncobj_destroy ended{made.handle, 0};
    EXPECT_EQ(maker_.ioctl(DRM_IOCTL_SYNCOBJ_DESTROY, ended), 0);
    EXPECT_EQ(maker_.ioctl(DRM_IOCTL_SYNCOBJ_DESTROY, ended), -EINVAL);
}

TEST_F(Drm, exports_sync_objects_as_files_that_are_signalled) {
    drm_syncobj_create made{};
    ASSERT_EQ(maker_.ioctl(DRM_IOCTL_SYNCOBJ_CREATE, made), 0);
    drm_syncobj_handle asked{};
    asked.handle = made.handle;
    ASSERT_EQ(maker_.ioctl(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, asked), 0);
    const Fd file(asked.fd);
    pollfd watched{file.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&watched, 1, 0), 1);
    asked.handle = made.handle + 1;
    EXPECT_EQ(maker_.ioctl(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, asked), -EINVAL);
}

TEST_F(Drm, refuses_ioctls_that_it_does_not_know) {
    std::array<std::byte, 64> room{};
    EXPECT_EQ(maker_.ioctl(DRM_IO(0x7f), room), -EINVAL);
    EXPECT_EQ(maker_.ioctl(DRM_IO(DRM_COMMAND_BASE + 0x5f), room), -EINVAL);
}

}  // namespace
}  // namespace mrda::stub
