// SPDX-License-Identifier: MIT
#include "region_socket.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "control_socket.h"
#include "log.h"

namespace mrda::service {

namespace {

constexpr std::size_t kMaxPeers = 64;
constexpr std::size_t kMaxTokenBytes = 128;
constexpr std::uint64_t kPatienceNs = 2'000'000'000;

}  // namespace

Result<std::unique_ptr<RegionSocket>> RegionSocket::listen(EventLoop& loop, const std::string& path,
                                                           Find find) {
    std::unique_ptr<RegionSocket> made(new RegionSocket(loop, std::move(find)));
    RegionSocket* const self = made.get();
    MRDA_ASSIGN(made->listener_, UnixListener::listen(loop, path, [self](Fd socket) {
                    self->welcome(std::move(socket));
                }));
    return made;
}

RegionSocket::RegionSocket(EventLoop& loop, Find find) : loop_(loop), find_(std::move(find)) {}

RegionSocket::~RegionSocket() {
    while (!peers_.empty()) {
        drop(peers_.begin()->first);
    }
}

void RegionSocket::welcome(Fd socket) {
    if (peers_.size() >= kMaxPeers) {
        drop(peers_.begin()->first);  // Who says nothing for longest must not keep others out.
    }
    const std::uint64_t id = next_peer_++;
    const auto watch = loop_.watch(socket.get(), [this, id] { serve(id); });
    if (watch.ok()) {
        const EventLoop::Id timer = loop_.after(kPatienceNs, [this, id] { drop(id); });
        peers_.emplace(id, Peer{std::move(socket), *watch, timer});
    } else {
        Log::warn("region not handed out", {{"why", to_string(watch.error())}});
    }
}

void RegionSocket::serve(std::uint64_t peer) {
    const int socket = peers_.at(peer).socket.get();
    std::array<char, kMaxTokenBytes> token{};
    const ssize_t count = ::recv(socket, token.data(), token.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (count > 0) {
        const auto handed = hand_out(socket, {token.data(), static_cast<std::size_t>(count)});
        if (!handed.ok()) {
            Log::warn("region not handed out", {{"why", to_string(handed.error())}});
        }
    }
    drop(peer);
}

Result<void> RegionSocket::hand_out(int socket, std::string_view token) {
    const int fd = find_(std::string(token));
    if (fd < 0) {
        return make_error(Errc::not_found, "no session has this attach token, or it has ended");
    }
    // One byte with one descriptor; what the peer does not take is dropped.
    return send_message(socket, {"", 1}, std::array{fd});
}

void RegionSocket::drop(std::uint64_t peer) {
    const auto found = peers_.find(peer);
    if (found != peers_.end()) {
        loop_.forget(found->second.watch);
        loop_.cancel(found->second.timer);
        peers_.erase(found);
    }
}

}  // namespace mrda::service
