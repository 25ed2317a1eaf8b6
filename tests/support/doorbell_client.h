// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "mrda/interop/unix_socket.h"

namespace mrda::test {

/// What QEMU's ivshmem-doorbell device is to a doorbell server. Never waits.
class DoorbellClient {
  public:
    struct Message {
        std::int64_t value = 0;
        Fd fd;  ///< Invalid: none came with it.
    };

    explicit DoorbellClient(const std::string& path)
        : socket_(connect_unix(path, SOCK_STREAM).value()) {}

    [[nodiscard]] int fd() const { return socket_.get(); }
    [[nodiscard]] const std::vector<Message>& messages() const { return messages_; }
    /// As far as read_some() has got.
    [[nodiscard]] bool turned_away() const { return ended_; }
    void leave() { socket_.reset(); }
    void say(char byte) const { static_cast<void>(::send(fd(), &byte, 1, MSG_NOSIGNAL)); }

    /// Takes what has come.
    void read_some() {
        while (!ended_ && read_one()) {
        }
    }
    /// Whether a whole greeting has come, for `vectors`.
    [[nodiscard]] bool greeted(std::size_t vectors) const {
        return messages_.size() == 3 + 2 * vectors;
    }
    /// Of a whole greeting.
    [[nodiscard]] int memory() const { return messages_.at(2).fd.get(); }
    [[nodiscard]] int host_doorbell(std::size_t vector) const {
        return messages_.at(3 + vector).fd.get();
    }
    [[nodiscard]] int own_doorbell(std::size_t vector) const {
        return messages_.at(3 + (messages_.size() - 3) / 2 + vector).fd.get();
    }

  private:
    bool read_one() {
        Message message;
        iovec data{&message.value, sizeof message.value};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr header{};
        header.msg_iov = &data;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        const ssize_t count = ::recvmsg(fd(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (count != sizeof message.value) {
            ended_ = count >= 0 || errno != EAGAIN;
            return false;
        }
        if (const cmsghdr* const rights = CMSG_FIRSTHDR(&header); rights != nullptr) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
            message.fd.reset(fd);
        }
        messages_.push_back(std::move(message));
        return true;
    }

    Fd socket_;
    std::vector<Message> messages_;
    bool ended_ = false;
};

}  // namespace mrda::test
