// SPDX-License-Identifier: MIT
#include "control_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mrda::service {

namespace {

constexpr std::size_t kControlBytes = CMSG_SPACE(kMostDescriptors * sizeof(int));

Error end_of_socket() {
    return make_error(Errc::end_of_stream, "the other side of the control socket is gone");
}

Result<void> check_length(ssize_t count) {
    if (static_cast<std::size_t>(count) > kMaxMessageBytes) {
        return make_error(Errc::corrupt, "control message of " + std::to_string(count) +
                                             " bytes; at most " + std::to_string(kMaxMessageBytes) +
                                             " can be");
    }
    return {};
}

/// Everything that the kernel has put into this process with a message.
std::vector<Fd> take_descriptors(msghdr& message) {
    std::vector<Fd> taken;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            taken.emplace_back(fd);
        }
    }
    return taken;
}

}  // namespace

Result<SocketPair> make_control_sockets() {
    int pair[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return os_error("socketpair", errno, "cannot make a worker's control socket");
    }
    return SocketPair{Fd(pair[0]), Fd(pair[1])};
}

Result<void> send_message(int socket, std::string_view message, std::span<const int> descriptors,
                          std::size_t most) {
    if (descriptors.size() > std::min(most, kMostDescriptors)) {
        return make_error(Errc::invalid_argument, "more descriptors than a control message takes");
    }
    // sendmsg(2) does not write to it.
    iovec data{const_cast<char*>(message.data()), message.size()};
    alignas(cmsghdr) std::array<char, kControlBytes> control{};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    if (!descriptors.empty()) {
        header.msg_control = control.data();
        header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* const rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
    }
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        Error error = os_error("sendmsg", errno, "cannot write to a control socket");
        if (error.native == EAGAIN) {
            error.code = Errc::busy;
        }
        return error;
    }
    return {};
}

Result<std::optional<std::string>> receive_message(int socket) {
    std::string message(kMaxMessageBytes, '\0');
    ssize_t count = 0;
    do {
        // recv, not recvmsg: descriptors that the other side attaches are closed by the kernel.
        count = ::recv(socket, message.data(), message.size(), MSG_TRUNC);
        // unix(7): ECONNRESET tells once of words that the other side left unread; its own last
        // words come after that.
    } while (count < 0 && (errno == EINTR || errno == ECONNRESET));
    if (count < 0 && errno == EAGAIN) {
        return std::optional<std::string>();
    }
    if (count < 0) {
        return os_error("recv", errno, "cannot read a control socket");
    }
    if (count == 0) {
        return end_of_socket();
    }
    MRDA_TRY(check_length(count));
    message.resize(static_cast<std::size_t>(count));
    return std::optional<std::string>(std::move(message));
}

Result<MessageWithDescriptors> receive_with_descriptors(int socket, std::size_t most) {
    MessageWithDescriptors received;
    received.text.resize(kMaxMessageBytes);
    alignas(cmsghdr) std::array<char, kControlBytes> control{};
    iovec data{received.text.data(), received.text.size()};
    msghdr header{};
    ssize_t count = 0;
    do {
        header = {};
        header.msg_iov = &data;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        count = ::recvmsg(socket, &header, MSG_TRUNC | MSG_CMSG_CLOEXEC);
    } while (count < 0 && (errno == EINTR || errno == ECONNRESET));
    if (count < 0) {
        return os_error("recvmsg", errno, "cannot read a control socket");
    }
    received.descriptors = take_descriptors(header);
    if (count == 0) {
        return end_of_socket();
    }
    MRDA_TRY(check_length(count));
    if ((header.msg_flags & MSG_CTRUNC) != 0 || received.descriptors.size() > most) {
        return make_error(Errc::corrupt, "more than " + std::to_string(most) +
                                             " descriptors came with a control message");
    }
    received.text.resize(static_cast<std::size_t>(count));
    return received;
}

}  // namespace mrda::service
