// SPDX-License-Identifier: MIT
#include "attach_server.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace mrda::guest::test {

namespace {

constexpr int kMost = 16;

void send_descriptors(int socket, int fd, int count) {
    char byte = 0;
    iovec data{&byte, 1};
    const std::vector<int> fds(static_cast<std::size_t>(count), fd);
    const std::size_t bytes = fds.size() * sizeof(int);
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMost * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (count > 0) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(bytes);
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(bytes);
        std::memcpy(CMSG_DATA(header), fds.data(), bytes);
    }
    static_cast<void>(::sendmsg(socket, &message, MSG_NOSIGNAL));
}

}  // namespace

AttachServer::AttachServer(const std::string& path, int count, Find find)
    : count_(std::min(count, kMost)),
      find_(std::move(find)),
      socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ::unlink(path.c_str());
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket_.get(), 8) != 0) {
        std::abort();
    }
    thread_ = std::thread([this] {
        for (;;) {
            const Fd peer(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!peer) {
                return;
            }
            serve(peer.get());
        }
    });
}

AttachServer::~AttachServer() {
    ::shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
}

void AttachServer::serve(int peer) const {
    std::array<char, 256> token{};
    const ssize_t got = ::recv(peer, token.data(), token.size(), 0);
    if (got <= 0) {
        return;
    }
    const int fd = find_(std::string(token.data(), static_cast<std::size_t>(got)));
    if (fd >= 0) {
        send_descriptors(peer, fd, count_);
    }
}

}  // namespace mrda::guest::test
