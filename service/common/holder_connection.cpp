// SPDX-License-Identifier: MIT
#include "holder_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <utility>

#include "control_socket.h"
#include "mrda/interop/unix_socket.h"
#include "mrda/ivshmem/wakeup.h"
#include "runtime_dir.h"

namespace mrda::service {

namespace {

using ivshmem::now_ns;
using Kind = DoorbellReply::Kind;

bool is_answer(Kind kind) {
    return kind == Kind::done || kind == Kind::kept || kind == Kind::failed;
}

/// Errors: timeout.
Result<void> wait_for(int socket, std::uint64_t end_ns) {
    for (;;) {
        const std::uint64_t now = now_ns();
        const auto left_ms = static_cast<int>(now < end_ns ? (end_ns - now) / 1'000'000 + 1 : 0);
        pollfd polled{socket, POLLIN, 0};
        if (::poll(&polled, 1, left_ms) == 1) {
            return {};
        }
        if (left_ms == 0) {
            return make_error(Errc::timeout, "the doorbell holder does not answer");
        }
    }
}

}  // namespace

Result<HolderConnection> HolderConnection::open(const std::string& runtime_dir) {
    MRDA_ASSIGN(Fd socket, connect_unix(runtime_dir + "/" + kDoorbellSocketName, SOCK_SEQPACKET));
    return HolderConnection(std::move(socket));
}

Result<HolderConnection::Answer> HolderConnection::receive() {
    MRDA_ASSIGN(auto message, receive_with_descriptors(socket_.get(), kMaxDoorbellDescriptors));
    MRDA_ASSIGN(DoorbellReply reply, parse_doorbell_reply(message.text));
    return Answer{std::move(reply), std::move(message.descriptors)};
}

Result<HolderConnection::Answer> HolderConnection::next_answer(std::uint64_t end_ns) {
    for (;;) {
        MRDA_TRY(wait_for(socket_.get(), end_ns));
        MRDA_ASSIGN(Answer answer, receive());
        if (is_answer(answer.reply.kind)) {
            return answer;
        }
        events_.push_back(std::move(answer.reply));
    }
}

Result<HolderConnection::Answer> HolderConnection::ask(const DoorbellRequest& request,
                                                       std::uint64_t timeout_ns) {
    const std::uint64_t end_ns = now_ns() + timeout_ns;
    const auto sent = tell(request);
    auto answer = sent.ok() ? next_answer(end_ns) : sent.error();
    if (!answer.ok()) {
        broken_ = true;  // An answer that comes late would be taken for the next one's.
        return answer;
    }
    if (answer->reply.kind == Kind::failed) {
        return make_error(answer->reply.code, answer->reply.words);
    }
    return answer;
}

Result<void> HolderConnection::tell(const DoorbellRequest& request) const {
    return send_message(socket_.get(), to_message(request));
}

Result<std::optional<DoorbellReply>> HolderConnection::next_event() {
    if (!events_.empty()) {
        std::optional<DoorbellReply> event(std::move(events_.front()));
        events_.pop_front();
        return event;
    }
    auto received = receive();
    if (received.ok()) {
        return std::optional<DoorbellReply>(std::move(received->reply));
    }
    if (received.error().code == Errc::busy) {
        return std::optional<DoorbellReply>();
    }
    broken_ = true;
    return received.error();
}

}  // namespace mrda::service
