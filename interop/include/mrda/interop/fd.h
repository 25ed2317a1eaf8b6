// SPDX-License-Identifier: MIT
#pragma once

#include "mrda/interop/owned.h"
#include "mrda/interop/result.h"

namespace mrda {

struct FdPolicy {
    using Handle = int;
    static constexpr Handle null() { return -1; }
    static void close(Handle fd);
};

/// An open file descriptor. A function that takes an `Fd` by value consumes it; one that takes an
/// `int` borrows it for the call.
using Fd = Owned<FdPolicy>;

/// A new descriptor for the same open file, close-on-exec. Does not wait.
/// Errors: invalid_argument (`fd` is not open; the message names it), exhausted (no descriptor is
/// left).
Result<Fd> duplicate_fd(int fd);

}  // namespace mrda
