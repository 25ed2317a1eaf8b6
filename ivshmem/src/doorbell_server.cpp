// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/doorbell_server.h"

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "mrda/interop/unix_socket.h"
#include "mrda/ivshmem/wakeup.h"

namespace mrda::ivshmem {

namespace {

constexpr std::int64_t kProtocolVersion = 0;
constexpr std::int64_t kMemoryFollows = -1;
/// Version, and the machine's own id.
constexpr std::size_t kMessagesBeforeMemory = 2;
constexpr std::size_t kMessagesBeforeVectors = kMessagesBeforeMemory + 1;

/// More may wait in the kernel; there is a next turn.
constexpr int kAcceptsPerTurn = 16;
constexpr int kBacklog = 16;
constexpr std::uint64_t kRetryNs = 100'000'000;
/// Of the kernel's memory, for what a machine has not read yet.
constexpr int kSendBufferBytes = 16'384;

enum Source : std::uint64_t { kListening, kTimer, kClient };

Result<void> watch(int epoll, int fd, Source source, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = source;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        return os_error("epoll_ctl", errno, "cannot watch a doorbell socket");
    }
    return {};
}

struct Message {
    std::int64_t value = 0;
    int fd = -1;  ///< That comes with it; -1: none.
};

Result<void> send_one(int socket, const Message& message) {
    // Eight bytes of a machine that is little-endian, as all are that have QEMU and a GPU of Intel.
    auto value = message.value;
    iovec data{&value, sizeof value};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    if (message.fd >= 0) {
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        cmsghdr* const rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof message.fd);
        std::memcpy(CMSG_DATA(rights), &message.fd, sizeof message.fd);
    }
    ssize_t count = 0;
    do {
        count = ::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return os_error("sendmsg", errno, "cannot send a doorbell");
    }
    // unix(7) queues so few bytes as a whole, or not at all.
    if (count != sizeof value) {
        return make_error(Errc::internal, "a part of a doorbell message was sent");
    }
    return {};
}

/// What nobody has read of an eventfd must not be the next machine's interrupt.
void drain(int eventfd) {
    std::uint64_t count = 0;
    iovec into{&count, sizeof count};
    // Who had it may have made it block, for every holder at once; this call does not in any case.
    static_cast<void>(::preadv2(eventfd, &into, 1, -1, RWF_NOWAIT));
}

std::string name_of(const SocketPeer& peer) {
    return "process " + std::to_string(peer.process) + " of user " + std::to_string(peer.user);
}

}  // namespace

Result<std::unique_ptr<DoorbellServer>> DoorbellServer::listen(Fd memory, Settings settings,
                                                               Listener listener) {
    if (settings.vectors == 0 || settings.vectors > kMaxVectors) {
        return make_error(Errc::invalid_argument, "region " + settings.name + ": " +
                                                      std::to_string(settings.vectors) +
                                                      " doorbell vectors asked; 1 to " +
                                                      std::to_string(kMaxVectors) + " can be");
    }
    std::unique_ptr<DoorbellServer> server(
        new DoorbellServer(std::move(memory), std::move(settings), std::move(listener)));
    MRDA_TRY(server->make_doorbells());
    MRDA_TRY(server->open());
    return server;
}

DoorbellServer::DoorbellServer(Fd memory, Settings settings, Listener listener)
    : settings_(std::move(settings)), listener_(std::move(listener)), memory_(std::move(memory)) {}

DoorbellServer::~DoorbellServer() {
    close_socket();
}

Result<void> DoorbellServer::make_doorbells() {
    for (std::vector<Fd>* const side : {&host_, &guest_}) {
        for (std::uint32_t vector = 0; vector < settings_.vectors; ++vector) {
            side->emplace_back(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
            if (!side->back()) {
                return os_error("eventfd", errno,
                                "cannot make the doorbells of region " + settings_.name);
            }
        }
    }
    return {};
}

Result<void> DoorbellServer::open() {
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    timer_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!epoll_ || !timer_) {
        return os_error("epoll_create1", errno,
                        "cannot serve the doorbells of region " + settings_.name);
    }
    MRDA_TRY(watch(epoll_.get(), timer_.get(), kTimer, EPOLLIN));
    return open_socket();
}

Result<void> DoorbellServer::open_socket() {
    MRDA_ASSIGN(listening_, listen_unix(settings_.socket_path, SOCK_STREAM, kBacklog));
    if (settings_.user != ::geteuid()) {
        if (const auto admitted = admit_user(settings_.socket_path, settings_.user);
            !admitted.ok()) {
            close_socket();
            return admitted;
        }
    }
    return watch(epoll_.get(), listening_.get(), kListening, EPOLLIN);
}

void DoorbellServer::close_socket() {
    if (listening_) {
        ::unlink(settings_.socket_path.c_str());
        listening_.reset();
        accepts_again_ns_ = 0;
    }
}

Result<void> DoorbellServer::reserve(const std::string& whom) {
    drop_if_overdue();
    if (occupied()) {
        return make_error(Errc::busy, "region " + settings_.name + " asked for " + whom + ": " +
                                          (client_ ? client_name_ : reserved_for_) + " has it");
    }
    reserved_for_ = whom;
    return {};
}

void DoorbellServer::serve() {
    std::array<epoll_event, 4> events{};
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    bool client_ready = false;
    bool others_wait = false;
    for (int i = 0; i < count; ++i) {
        const std::uint64_t source = events[static_cast<std::size_t>(i)].data.u64;
        client_ready = client_ready || source == kClient;
        others_wait = others_wait || source == kListening;
        if (source == kTimer) {
            serve_timer();
        }
    }
    // First the one who may be going: its place is free for who waits.
    if (client_ready) {
        serve_client();
    }
    if (others_wait && listening_) {  // A listener may have closed it.
        accept_all();
    }
}

void DoorbellServer::accept_all() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        Fd client(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!client) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                pause_accepting();
            }
            return;
        }
        const auto peer = peer_of(client.get());
        if (!peer.ok()) {
            continue;
        }
        const std::string who = name_of(*peer);
        drop_if_overdue();
        const std::string why = refusal(peer->user);
        if (why.empty()) {
            begin(std::move(client), who);
        } else {
            listener_(Event::refused, "region " + settings_.name + ": " + who + " refused: " + why);
        }
    }
}

std::string DoorbellServer::refusal(uid_t user) const {
    // Root may run machines of others' regions, and could take them anyway.
    if (user != 0 && user != ::geteuid() && user != settings_.user) {
        return "it is for user " + std::to_string(settings_.user);
    }
    if (occupied()) {
        return (client_ ? client_name_ : reserved_for_) +
               " has it, and two machines cannot share one region";
    }
    return {};
}

void DoorbellServer::pause_accepting() {
    // Whoever waits goes on waiting, and the poll loop is not told of it again and again.
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listening_.get(), nullptr);
    accepts_again_ns_ = now_ns() + kRetryNs;
    arm_timer();
}

void DoorbellServer::begin(Fd client, std::string who) {
    ::setsockopt(client.get(), SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes);
    client_ = std::move(client);
    client_name_ = std::move(who);
    sent_ = 0;
    joined_ = false;
    overdue_at_ns_ = now_ns() + settings_.greeting_timeout_ns;
    // By edges: also each message that the machine takes makes one.
    const auto watched =
        watch(epoll_.get(), client_.get(), kClient, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    if (!watched.ok()) {
        drop(to_string(watched.error()));
    }
}

void DoorbellServer::serve_client() {
    char byte = 0;
    const ssize_t count = ::recv(client_.get(), &byte, sizeof byte, MSG_DONTWAIT);
    if (count > 0) {
        drop("it sent a byte, and machines send none");
        return;
    }
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
        drop("it is gone");
        return;
    }
    if (joined_) {
        return;
    }
    if (const auto greeted = greet(); !greeted.ok()) {
        drop(to_string(greeted.error()));
        return;
    }
    if (sent_ == kMessagesBeforeVectors + host_.size() + guest_.size() && all_read()) {
        joined_ = true;
        listener_(Event::joined, "region " + settings_.name + ": " + client_name_ + " joined");
    }
}

Result<void> DoorbellServer::greet() {
    const auto message = [this](std::size_t index) -> Message {
        if (index == 0) {
            return {kProtocolVersion};
        }
        if (index == 1) {
            return {kGuestPeer};
        }
        if (index == kMessagesBeforeMemory) {
            return {kMemoryFollows, memory_.get()};
        }
        const std::size_t vector = index - kMessagesBeforeVectors;
        // Its own last: with these it knows that there are no more.
        return vector < host_.size() ? Message{kHostPeer, host_[vector].get()}
                                     : Message{kGuestPeer, guest_[vector - host_.size()].get()};
    };
    const std::size_t all = kMessagesBeforeVectors + host_.size() + guest_.size();
    // What is queued cannot be taken back: no memory, before it is there to be read at once.
    while (sent_ < all && (sent_ != kMessagesBeforeMemory || all_read())) {
        if (const auto sent = send_one(client_.get(), message(sent_)); !sent.ok()) {
            const bool has_memory = sent_ > kMessagesBeforeMemory;
            return has_memory || sent.error().code == Errc::busy ? Result<void>() : sent;
        }
        ++sent_;
    }
    return {};
}

bool DoorbellServer::all_read() const {
    int unread_bytes = 0;
    // The kernel counts its own memory here, some hundred bytes for a message, and for a moment
    // one byte too many.
    return ::ioctl(client_.get(), SIOCOUTQ, &unread_bytes) == 0 &&
           unread_bytes < static_cast<int>(sizeof(std::int64_t));
}

void DoorbellServer::drop_if_overdue() {
    if (!client_ || sent_ > kMessagesBeforeMemory || now_ns() < overdue_at_ns_) {
        return;
    }
    // It may have read just now, and its memory be next.
    if (!all_read()) {
        drop("it did not begin to read in " +
             std::to_string(settings_.greeting_timeout_ns / 1'000'000) +
             " ms, and another one came");
    }
}

void DoorbellServer::drop(const std::string& why) {
    client_.reset();
    const bool was_machine = std::exchange(joined_, false);
    for (const Fd& doorbell : guest_) {
        drain(doorbell.get());
    }
    const std::string who = std::exchange(client_name_, {});
    listener_(
        was_machine ? Event::left : Event::refused,
        "region " + settings_.name + ": " + who + (was_machine ? " left: " : " refused: ") + why);
}

void DoorbellServer::serve_timer() {
    std::uint64_t ignored = 0;
    static_cast<void>(::read(timer_.get(), &ignored, sizeof ignored));
    const std::uint64_t now = now_ns();
    if (accepts_again_ns_ != 0 && accepts_again_ns_ <= now) {
        accepts_again_ns_ = 0;
        if (!watch(epoll_.get(), listening_.get(), kListening, EPOLLIN).ok()) {
            accepts_again_ns_ = now + kRetryNs;
        }
    }
    arm_timer();
}

void DoorbellServer::arm_timer() const {
    itimerspec when{};  // All zero: never.
    when.it_value.tv_sec = static_cast<time_t>(accepts_again_ns_ / 1'000'000'000);
    when.it_value.tv_nsec = static_cast<long>(accepts_again_ns_ % 1'000'000'000);
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace mrda::ivshmem
