// SPDX-License-Identifier: MIT
#include "control.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>

#include "mrda/ivshmem/wakeup.h"

namespace mrda::bench {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;

/// Comes before what a child replies: times, or the words of an error.
struct ReplyHeader {
    std::uint32_t failed = 0;
    std::uint32_t code = 0;
    std::uint64_t size_bytes = 0;
};

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}

/// Errors: timeout; busy where a signal asks to stop.
Result<void> wait_readable(int fd, std::uint64_t deadline_ns) {
    pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
    const std::uint64_t now = ivshmem::now_ns();
    const bool endless = deadline_ns == ivshmem::kNoDeadline;
    const std::uint64_t left_ms = deadline_ns > now ? (deadline_ns - now) / kNsPerMs + 1 : 0;
    constexpr std::uint64_t kMost = std::numeric_limits<int>::max();
    const int count = ::poll(&wanted, 1, endless ? -1 : static_cast<int>(std::min(left_ms, kMost)));
    if (count < 0) {
        return os_error("poll", errno, "cannot wait for the other process");
    }
    if (count == 0) {
        return make_error(Errc::timeout, "the other process does not answer");
    }
    return {};
}

}  // namespace

Result<std::pair<Control, Fd>> Control::make() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return os_error("socketpair", errno, "cannot make a control socket");
    }
    return std::pair(Control(Fd(ends[0])), Fd(ends[1]));
}

Result<void> Control::send(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            return os_error("send", errno, "the other process is gone");
        }
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return {};
}

Result<std::size_t> Control::receive(std::span<std::byte> bytes, std::uint64_t deadline_ns) {
    std::size_t total = 0;
    while (total < bytes.size()) {
        MRDA_TRY(wait_readable(socket_.get(), deadline_ns));
        const ssize_t got = ::recv(socket_.get(), bytes.data() + total, bytes.size() - total, 0);
        if (got < 0 && errno != ECONNRESET) {
            return os_error("recv", errno, "cannot hear the other process");
        }
        if (got <= 0) {
            return total;
        }
        total += static_cast<std::size_t>(got);
    }
    return total;
}

Result<void> Control::receive_all(std::span<std::byte> bytes, std::uint64_t deadline_ns) {
    MRDA_ASSIGN(const std::size_t got, receive(bytes, deadline_ns));
    if (got != bytes.size()) {
        return make_error(Errc::io, "the other process ended");
    }
    return {};
}

Result<void> Control::ask(const Exchange& exchange) {
    return send(bytes_of(exchange));
}

Result<TimesNs> Control::answer(std::uint64_t timeout_ns) {
    const std::uint64_t deadline_ns = ivshmem::now_ns() + timeout_ns;
    ReplyHeader header;
    MRDA_TRY(receive_all(std::as_writable_bytes(std::span(&header, 1)), deadline_ns));
    if (header.failed != 0) {
        std::string words(header.size_bytes, '\0');
        MRDA_TRY(receive_all(std::as_writable_bytes(std::span(words)), deadline_ns));
        return make_error(static_cast<Errc>(header.code), words);
    }
    TimesNs times(header.size_bytes / sizeof(TimesNs::value_type));
    MRDA_TRY(receive_all(std::as_writable_bytes(std::span(times)), deadline_ns));
    return times;
}

Result<std::optional<Exchange>> Control::next_exchange() {
    Exchange exchange;
    MRDA_ASSIGN(const std::size_t got,
                receive(std::as_writable_bytes(std::span(&exchange, 1)), ivshmem::kNoDeadline));
    return got == sizeof exchange ? std::optional(exchange) : std::nullopt;
}

Result<void> Control::reply(const Result<TimesNs>& times) {
    if (!times.ok()) {
        const std::string words = to_string(times.error());
        MRDA_TRY(send(bytes_of(ReplyHeader{.failed = 1,
                                           .code = static_cast<std::uint32_t>(times.error().code),
                                           .size_bytes = words.size()})));
        return send(std::as_bytes(std::span(words)));
    }
    const auto payload = std::as_bytes(std::span(*times));
    MRDA_TRY(send(bytes_of(ReplyHeader{.size_bytes = payload.size()})));
    return send(payload);
}

}  // namespace mrda::bench
