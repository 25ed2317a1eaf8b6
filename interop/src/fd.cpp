// SPDX-License-Identifier: MIT
#include "mrda/interop/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace mrda {

void FdPolicy::close(Handle fd) {
    // close(2): on Linux the descriptor is gone even when close reports EINTR, so it is never
    // repeated.
    ::close(fd);
}

Result<Fd> duplicate_fd(int fd) {
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        return os_error("fcntl(F_DUPFD_CLOEXEC)", errno,
                        "cannot duplicate fd " + std::to_string(fd));
    }
    return Fd(copy);
}

}  // namespace mrda
