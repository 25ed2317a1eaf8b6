// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda {

/// A unix socket that listens at `path`: 0600, non-blocking, close-on-exec. One that is there is
/// replaced, whoever listens at it: make sure by a lock that nobody needs it. Anything else that is
/// there stays. `type`: SOCK_STREAM or SOCK_SEQPACKET. The file is the caller's to unlink; where
/// this fails, there is none.
/// Errors: invalid_argument (a path longer than the kernel takes), busy (something else than a
/// socket is at `path`), permission_denied, io.
Result<Fd> listen_unix(const std::string& path, int type, int backlog);

/// Connected to the socket at `path`: non-blocking, close-on-exec. Does not wait.
/// Errors: as listen_unix(); not_found (no such file, or nobody listens), busy (too many others
/// wait to be accepted).
Result<Fd> connect_unix(const std::string& path, int type);

/// Also lets `user` connect to the socket at `path`, which is this user's own and otherwise stays
/// as it was. The folders on the way are not touched.
/// Errors: permission_denied, unsupported (a file system without access control lists), io.
Result<void> admit_user(const std::string& path, uid_t user);

/// Who is at the other end, by the kernel's word: as it was when it connected.
struct SocketPeer {
    pid_t process = -1;
    uid_t user = static_cast<uid_t>(-1);
};
/// Errors: io.
Result<SocketPeer> peer_of(int socket);

}  // namespace mrda
