// SPDX-License-Identifier: MIT
#include "unix_listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "mrda/interop/unix_socket.h"

namespace mrda::service {

namespace {

constexpr int kBacklog = 64;
constexpr std::uint64_t kRetryNs = 100'000'000;

}  // namespace

Result<std::unique_ptr<UnixListener>> UnixListener::listen(EventLoop& loop, const std::string& path,
                                                           Connected connected) {
    MRDA_ASSIGN(Fd socket, listen_unix(path, SOCK_SEQPACKET, kBacklog));
    std::unique_ptr<UnixListener> made(
        new UnixListener(loop, path, std::move(socket), std::move(connected)));
    MRDA_TRY(made->resume());
    return made;
}

UnixListener::~UnixListener() {
    loop_.forget(watch_);
    loop_.cancel(retry_);
    ::unlink(path_.c_str());
}

Result<void> UnixListener::resume() {
    MRDA_ASSIGN(watch_, loop_.watch(socket_.get(), [this] { accept(); }));
    return {};
}

void UnixListener::accept() {
    Fd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (client) {
        connected_(std::move(client));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        pause();
    }
}

void UnixListener::pause() {
    // Whoever waits goes on waiting, and the loop is not told of it again and again.
    loop_.forget(std::exchange(watch_, 0));
    retry_ = loop_.after(kRetryNs, [this] {
        if (!resume().ok()) {
            pause();
        }
    });
}

}  // namespace mrda::service
