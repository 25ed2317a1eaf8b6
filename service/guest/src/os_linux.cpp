// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "mrda/ivshmem/wakeup.h"
#include "os.h"
#include "runtime_dir.h"

namespace mrda::guest::os {

namespace {

constexpr std::size_t kMaxSecretBytes = 4096;
/// More than the one that is wanted, so that a second one is seen, and closed.
constexpr std::size_t kMaxDescriptors = 8;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

Result<void> check_private(int fd, const std::string& path) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        return os_error("fstat", errno, "cannot look at " + path);
    }
    if (!S_ISREG(status.st_mode)) {
        return make_error(Errc::corrupt, path + " is no file that could hold a token");
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return make_error(Errc::permission_denied,
                          "others can read the token in " + path + "; chmod 600 it");
    }
    return {};
}

bool is_token_char(char c) {
    return c > ' ' && c <= '~';
}

/// With a time limit on its socket, a call ends for every signal.
template <typename Call>
auto uninterrupted(Call call) {
    auto result = call();
    while (result < 0 && errno == EINTR) {
        result = call();
    }
    return result;
}

/// What was called on a socket with a time limit failed.
Error socket_error(const char* call, const std::string& path, const std::string& what) {
    Error error = os_error(call, errno, what + " " + path);
    if (error.native == EAGAIN) {
        error.code = Errc::timeout;
    } else if (error.native == ECONNREFUSED) {
        error.code = Errc::not_found;
    }
    return error;
}

/// Connected, and with what is left until `deadline_ns` as the limit of each call.
Result<Fd> connect_to(const std::string& path, std::uint64_t deadline_ns) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return make_error(Errc::invalid_argument,
                          "socket path " + path + " is longer than the kernel takes");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    const std::uint64_t now = now_ns();
    if (now >= deadline_ns) {
        return make_error(Errc::timeout, "no time is left to ask " + path);
    }
    timeval limit{};
    limit.tv_sec = static_cast<time_t>((deadline_ns - now) / kNsPerSecond);
    limit.tv_usec = static_cast<suseconds_t>((deadline_ns - now) % kNsPerSecond / 1'000 + 1);
    limit.tv_usec = std::min<suseconds_t>(limit.tv_usec, 999'999);
    Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) {
        return os_error("socket", errno, "cannot make a socket for " + path);
    }
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    if (uninterrupted([&] { return ::connect(socket.get(), generic, sizeof address); }) != 0) {
        return socket_error("connect", path, "cannot ask for shared memory at");
    }
    return socket;
}

/// Takes every descriptor out of `message`, so that none stays open.
std::vector<Fd> descriptors_of(msghdr& message) {
    std::vector<Fd> found;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            found.emplace_back(fd);
        }
    }
    return found;
}

Result<Fd> take_answer(int socket, const std::string& path) {
    std::array<char, 64> bytes{};
    iovec data{bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxDescriptors * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t count =
        uninterrupted([&] { return ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC); });
    if (count < 0) {
        return socket_error("recvmsg", path, "cannot read the answer of");
    }
    std::vector<Fd> descriptors = descriptors_of(message);
    if (count == 0 && descriptors.empty()) {
        return make_error(Errc::permission_denied,
                          path + " hung up: the session's attach token opens nothing there");
    }
    if (descriptors.size() != 1 || (message.msg_flags & MSG_CTRUNC) != 0) {
        return make_error(Errc::corrupt,
                          path + " sent " +
                              ((message.msg_flags & MSG_CTRUNC) != 0 ? "more than " : "") +
                              std::to_string(descriptors.size()) + " descriptors; one is wanted");
    }
    return std::move(descriptors.front());
}

}  // namespace

std::uint64_t now_ns() {
    return ivshmem::now_ns();
}

std::uint64_t deadline_after(std::uint64_t timeout_ns) {
    const std::uint64_t now = now_ns();
    return timeout_ns > ivshmem::kNoDeadline - now ? ivshmem::kNoDeadline : now + timeout_ns;
}

std::optional<std::string> environment(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') {
        return std::nullopt;
    }
    return value;
}

Result<std::string> runtime_folder() {
    return runtime_dir();
}

Result<std::string> read_secret(const std::string& path) {
    // O_NONBLOCK: a FIFO in the file's place must not hold us.
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        return os_error("open", errno, "cannot read the token in " + path);
    }
    MRDA_TRY(check_private(fd.get(), path));
    std::string text(kMaxSecretBytes + 1, '\0');
    const ssize_t count = ::read(fd.get(), text.data(), text.size());
    if (count < 0) {
        return os_error("read", errno, "cannot read the token in " + path);
    }
    text.resize(static_cast<std::size_t>(count));
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const bool is_text =
        std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), is_token_char);
    if (end == 0 || end > kMaxSecretBytes || !is_text) {
        return make_error(Errc::corrupt, path + " holds no token: one line of letters is wanted");
    }
    text.resize(end);
    return text;
}

Result<Fd> open_region(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        Error error = os_error("open", errno, "cannot open the shared memory " + path);
        if (error.native == ELOOP) {
            error.code = Errc::permission_denied;
            error.message = "the shared memory " + path + " is a symbolic link, which is refused";
        }
        return error;
    }
    return fd;
}

Result<Fd> receive_region(const std::string& socket_path, std::string_view token,
                          std::uint64_t deadline_ns) {
    MRDA_ASSIGN(const Fd socket, connect_to(socket_path, deadline_ns));
    const ssize_t sent = uninterrupted(
        [&] { return ::send(socket.get(), token.data(), token.size(), MSG_NOSIGNAL); });
    if (sent < 0) {
        return socket_error("send", socket_path, "cannot show the attach token to");
    }
    return take_answer(socket.get(), socket_path);
}

Result<void> make_private(std::span<std::byte> pages,
                          std::span<const std::span<const std::byte>> keep) {
    std::vector<std::vector<std::byte>> kept;
    kept.reserve(keep.size());
    for (const auto& range : keep) {
        kept.emplace_back(range.begin(), range.end());
    }
    if (::mmap(pages.data(), pages.size(), PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
        return os_error("mmap", errno,
                        "cannot keep " + std::to_string(pages.size()) + " bytes of packets");
    }
    for (std::size_t i = 0; i < keep.size(); ++i) {
        const std::ptrdiff_t offset = keep[i].data() - pages.data();
        std::copy(kept[i].begin(), kept[i].end(), pages.begin() + offset);
    }
    return {};
}

}  // namespace mrda::guest::os
