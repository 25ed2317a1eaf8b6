// SPDX-License-Identifier: MIT
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "mrda/interop/fd.h"
#include "support/memfd.h"
#include "ze_fixture.h"

namespace mrda::ze_soft_test {

namespace {

int fd_in(const ze_ipc_mem_handle_t& handle) {
    int fd = -1;
    std::memcpy(&fd, handle.data, sizeof fd);
    return fd;
}

void put_fd(ze_ipc_mem_handle_t& handle, int fd) {
    std::memcpy(handle.data, &fd, sizeof fd);
}

/// Sends the handle's bytes, and with them the descriptor that its first int names.
bool send_handle(int socket, ze_ipc_mem_handle_t handle) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control = {};
    iovec bytes = {handle.data, sizeof handle.data};
    msghdr message = {};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = fd_in(handle);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return ::sendmsg(socket, &message, 0) == static_cast<ssize_t>(sizeof handle.data);
}

Fd receive_handle(int socket, ze_ipc_mem_handle_t& handle) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control = {};
    iovec bytes = {handle.data, sizeof handle.data};
    msghdr message = {};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::recvmsg(socket, &message, 0) != static_cast<ssize_t>(sizeof handle.data)) {
        return {};
    }
    int fd = -1;
    if (const cmsghdr* const header = CMSG_FIRSTHDR(&message); header != nullptr) {
        std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    }
    put_fd(handle, fd);
    return Fd(fd);
}

}  // namespace

using SoftIpc = SoftDevice;

TEST_F(SoftIpc, opens_the_same_memory_in_the_same_process) {
    std::byte* const pointer = allocate_device(5000);
    ze_ipc_mem_handle_t handle = {};
    ASSERT_EQ(zeMemGetIpcHandle(context_, pointer, &handle), ZE_RESULT_SUCCESS);
    void* opened = nullptr;
    ASSERT_EQ(zeMemOpenIpcHandle(context_, device_, handle, 0, &opened), ZE_RESULT_SUCCESS);
    ASSERT_NE(opened, pointer);
    pointer[4999] = std::byte{9};
    EXPECT_EQ(static_cast<std::byte*>(opened)[4999], std::byte{9});
    EXPECT_EQ(zeMemCloseIpcHandle(context_, opened), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
}

// The exporter is a forked child that has made no Level Zero call yet; the parent's driver never
// saw its allocation.
TEST_F(SoftIpc, opens_memory_of_another_process) {
    std::array<int, 2> ends = {};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    Fd ours(ends[0]);
    Fd theirs(ends[1]);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        std::byte* const pointer = allocate_device(4096);
        pointer[17] = std::byte{0x17};
        ze_ipc_mem_handle_t handle = {};
        const bool sent = zeMemGetIpcHandle(context_, pointer, &handle) == ZE_RESULT_SUCCESS &&
                          send_handle(theirs.get(), handle);
        char done = 0;
        const bool answered = ::read(theirs.get(), &done, 1) == 1;
        ::_exit(sent && answered && pointer[18] == std::byte{0x18} ? 0 : 1);
    }
    theirs.reset();
    ze_ipc_mem_handle_t handle = {};
    const Fd received = receive_handle(ours.get(), handle);
    ASSERT_TRUE(received.valid());
    void* opened = nullptr;
    ASSERT_EQ(zeMemOpenIpcHandle(context_, device_, handle, 0, &opened), ZE_RESULT_SUCCESS);
    EXPECT_EQ(static_cast<std::byte*>(opened)[17], std::byte{0x17});
    static_cast<std::byte*>(opened)[18] = std::byte{0x18};
    EXPECT_EQ(::write(ours.get(), "k", 1), 1);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0) << "the exporter did not see what the importer wrote";
    EXPECT_EQ(zeMemCloseIpcHandle(context_, opened), ZE_RESULT_SUCCESS);
}

TEST_F(SoftIpc, memory_is_refused_by_the_wrong_way_of_giving_it_back) {
    std::byte* const pointer = allocate_device(4096);
    ze_ipc_mem_handle_t handle = {};
    ASSERT_EQ(zeMemGetIpcHandle(context_, pointer, &handle), ZE_RESULT_SUCCESS);
    void* opened = nullptr;
    ASSERT_EQ(zeMemOpenIpcHandle(context_, device_, handle, 0, &opened), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, opened), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(zeMemCloseIpcHandle(context_, pointer), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(zeMemCloseIpcHandle(context_, opened), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
}

TEST_F(SoftIpc, handles_of_memory_that_can_shrink_are_refused) {
    std::byte* const pointer = allocate_device(4096);
    ze_ipc_mem_handle_t handle = {};
    ASSERT_EQ(zeMemGetIpcHandle(context_, pointer, &handle), ZE_RESULT_SUCCESS);
    const Fd other = test::unsealed_memfd(4096);
    put_fd(handle, other.get());
    void* opened = nullptr;
    EXPECT_EQ(zeMemOpenIpcHandle(context_, device_, handle, 0, &opened),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    test::seal(other.get());
    ASSERT_EQ(zeMemOpenIpcHandle(context_, device_, handle, 0, &opened), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemCloseIpcHandle(context_, opened), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
}

TEST_F(SoftIpc, handles_of_rubbish_or_a_lying_size_are_refused) {
    void* opened = nullptr;
    ze_ipc_mem_handle_t rubbish = {};
    EXPECT_EQ(zeMemOpenIpcHandle(context_, device_, rubbish, 0, &opened),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    std::byte* const pointer = allocate_device(4096);
    ze_ipc_mem_handle_t handle = {};
    ASSERT_EQ(zeMemGetIpcHandle(context_, pointer, &handle), ZE_RESULT_SUCCESS);
    ze_ipc_mem_handle_t closed = handle;
    put_fd(closed, -1);
    EXPECT_EQ(zeMemOpenIpcHandle(context_, device_, closed, 0, &opened),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    ze_ipc_mem_handle_t larger = handle;
    const uint64_t lie = 8192;
    std::memcpy(larger.data + 8, &lie, sizeof lie);
    EXPECT_EQ(zeMemOpenIpcHandle(context_, device_, larger, 0, &opened),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(zeMemOpenIpcHandle(context_, device_, handle, 0x80, &opened),
              ZE_RESULT_ERROR_INVALID_ENUMERATION);
    int on_stack = 0;
    EXPECT_EQ(zeMemGetIpcHandle(context_, &on_stack, &handle), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
}

}  // namespace mrda::ze_soft_test
