// SPDX-License-Identifier: MIT
#include "mrda/interop/unix_socket.h"

#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mrda {

namespace {

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return make_error(Errc::invalid_argument,
                          "socket path " + path + " is longer than the kernel takes (" +
                              std::to_string(sizeof address.sun_path - 1) + " bytes)");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

Result<Fd> make_socket(const std::string& path, int type) {
    Fd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) {
        return os_error("socket", errno, "cannot make a socket for " + path);
    }
    return socket;
}

/// Only a socket that somebody left there. Errors: busy.
Result<void> make_room(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        return {};  // What keeps it from being seen, bind(2) will tell.
    }
    if (!S_ISSOCK(status.st_mode)) {
        return make_error(Errc::busy, "cannot listen on " + path +
                                          ": what is there is no socket; move it away, or name "
                                          "another path");
    }
    ::unlink(path.c_str());
    return {};
}

}  // namespace

Result<Fd> listen_unix(const std::string& path, int type, int backlog) {
    MRDA_ASSIGN(const sockaddr_un address, address_of(path));
    MRDA_ASSIGN(Fd socket, make_socket(path, type));
    MRDA_TRY(make_room(path));
    // The socket's own mode before bind(2) becomes the file's.
    if (::fchmod(socket.get(), 0600) != 0 ||
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return os_error("bind", errno, "cannot listen on " + path);
    }
    if (::chmod(path.c_str(), 0600) != 0 || ::listen(socket.get(), backlog) != 0) {
        Error error = os_error("listen", errno, "cannot listen on " + path);
        ::unlink(path.c_str());
        return error;
    }
    return socket;
}

Result<Fd> connect_unix(const std::string& path, int type) {
    MRDA_ASSIGN(const sockaddr_un address, address_of(path));
    MRDA_ASSIGN(Fd socket, make_socket(path, type));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        Error error = os_error("connect", errno, "cannot connect to " + path);
        if (error.native == ECONNREFUSED) {
            error.code = Errc::not_found;
        }
        return error;
    }
    return socket;
}

Result<void> admit_user(const std::string& path, uid_t user) {
    constexpr __u16 kMayConnect = ACL_READ | ACL_WRITE;
    constexpr auto kNobody = static_cast<__u32>(ACL_UNDEFINED_ID);
    // acl(5): the owner, one more user, the group, what the last two may at most, all others.
    struct {
        posix_acl_xattr_header header;
        posix_acl_xattr_entry entries[5];
    } const list = {{POSIX_ACL_XATTR_VERSION},
                    {{ACL_USER_OBJ, kMayConnect, kNobody},
                     {ACL_USER, kMayConnect, user},
                     {ACL_GROUP_OBJ, 0, kNobody},
                     {ACL_MASK, kMayConnect, kNobody},
                     {ACL_OTHER, 0, kNobody}}};
    if (::setxattr(path.c_str(), "system.posix_acl_access", &list, sizeof list, 0) != 0) {
        return os_error("setxattr", errno,
                        "cannot let user " + std::to_string(user) + " connect to " + path);
    }
    return {};
}

Result<SocketPeer> peer_of(int socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return os_error("getsockopt(SO_PEERCRED)", errno, "cannot tell who is at a socket");
    }
    return SocketPeer{credentials.pid, credentials.uid};
}

}  // namespace mrda
