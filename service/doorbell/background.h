// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// A child that goes on by itself: in a session of its own and in /, with no standard input. Nobody
/// who started its parent, and no terminal, has anything to do with it once it is ready.
class Background {
  public:
    /// Returns in the child. The parent waits for ready() and exits with 0 then, or as the child
    /// does. Call it while there is one thread. Errors: out_of_memory, exhausted, io.
    static Result<Background> enter();

    /// Standard output and error go to `log_path`, which begins anew, and the parent goes.
    /// Errors: io.
    Result<void> ready(const std::string& log_path);

  private:
    explicit Background(Fd parent) : parent_(std::move(parent)) {}

    Fd parent_;
};

/// Empties a log of more than `most_bytes`: a background process' lies in memory. For one that is
/// written by appending. Errors: io.
Result<void> shorten_log(int log, std::uint64_t most_bytes);

}  // namespace mrda::service
