// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

#include "mrda/interop/fd.h"

namespace mrda::test {

/// Shared memory that its maker can still shrink, beneath whoever maps it.
inline Fd unsealed_memfd(std::size_t size_bytes) {
    Fd fd(::memfd_create("mrda-test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(size_bytes)), 0);
    return fd;
}

inline void seal(int memfd) {
    EXPECT_EQ(::fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
}

/// Shared memory as it may be handed to others.
inline Fd new_memfd(std::size_t size_bytes) {
    Fd fd = unsealed_memfd(size_bytes);
    seal(fd.get());
    return fd;
}

}  // namespace mrda::test
