// SPDX-License-Identifier: MIT
#include "unix_listener.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <filesystem>

#include "mrda/interop/unix_socket.h"
#include "mrda/ivshmem/wakeup.h"
#include "service/host/temp_dir.h"

namespace mrda::service {
namespace {

TEST(UnixListener, who_comes_while_no_descriptor_is_left_is_heard_later) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "the sanitizer looks at memory through a pipe, and there would be none left";
#endif
    const TempDir dir;
    const auto loop = EventLoop::create().value();
    int connected = 0;
    const auto listener =
        UnixListener::listen(*loop, dir / "socket", [&](const Fd&) { ++connected; }).value();
    const auto client = connect_unix(dir / "socket", SOCK_SEQPACKET);
    ASSERT_TRUE(client.ok());
    rlimit former{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &former), 0);
    const rlimit none{.rlim_cur = 3, .rlim_max = former.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    loop->turn(0);
    const std::uint64_t before_ns = ivshmem::now_ns();
    loop->turn(20);
    EXPECT_GE(ivshmem::now_ns() - before_ns, 10'000'000U) << "it does not spin";
    EXPECT_EQ(connected, 0);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &former), 0);
    const std::uint64_t end_ns = ivshmem::now_ns() + 20'000'000'000;
    while (connected == 0 && ivshmem::now_ns() < end_ns) {
        loop->turn(1000);
    }
    EXPECT_EQ(connected, 1);
}

TEST(UnixListener, takes_its_socket_with_it) {
    const TempDir dir;
    const auto loop = EventLoop::create().value();
    UnixListener::listen(*loop, dir / "socket", [](const Fd&) {}).value().reset();
    EXPECT_FALSE(std::filesystem::exists(dir / "socket"));
}

}  // namespace
}  // namespace mrda::service
