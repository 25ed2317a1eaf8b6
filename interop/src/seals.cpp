// SPDX-License-Identifier: MIT
#include "mrda/interop/seals.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace mrda {

namespace {

constexpr const char* kDanger =
    ": whoever else holds it could shrink it beneath a mapping, and end this process; ";

/// Errors: invalid_argument, where the object can shrink.
Result<void> require_shrink_seal(int fd, const std::string& what) {
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (seals < 0) {
        return make_error(
            Errc::invalid_argument,
            what + " is a file" + kDanger + "pass a DMA-BUF, or a memfd sealed with F_SEAL_SHRINK");
    }
    if ((seals & F_SEAL_SHRINK) != 0) {
        return {};
    }
    // memfd_create(2): files on tmpfs, and memfds made without MFD_ALLOW_SEALING, take no seal.
    const bool sealable = (seals & F_SEAL_SEAL) == 0;
    return make_error(
        Errc::invalid_argument,
        what + " is shared memory without F_SEAL_SHRINK" + kDanger +
            (sealable ? "seal it with F_SEAL_SHRINK"
                      : "it takes no seal any more, so pass a memfd that was made with "
                        "MFD_ALLOW_SEALING, and seal it with F_SEAL_SHRINK"));
}

}  // namespace

Result<std::uint64_t> unshrinkable_size_bytes(int fd) {
    const std::string what = "fd " + std::to_string(fd);
    struct stat status {};
    struct statfs filesystem {};
    if (::fstat(fd, &status) != 0 || ::fstatfs(fd, &filesystem) != 0) {
        return os_error("fstat", errno, "cannot look at " + what);
    }
    if (filesystem.f_type == DMA_BUF_MAGIC) {
        // dma-buf.c: a DMA-BUF tells its size to lseek, has no position, and never changes size.
        const off_t end = ::lseek(fd, 0, SEEK_END);
        if (end < 0) {
            return os_error("lseek", errno, "cannot size " + what);
        }
        return static_cast<std::uint64_t>(end);
    }
    if (!S_ISREG(status.st_mode)) {
        return make_error(Errc::invalid_argument, what + " is neither a DMA-BUF nor a memfd");
    }
    MRDA_TRY(require_shrink_seal(fd, what));
    // Only now: what was read before the seal was seen could have changed until then.
    if (::fstat(fd, &status) != 0) {
        return os_error("fstat", errno, "cannot size " + what);
    }
    return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace mrda
