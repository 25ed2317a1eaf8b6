// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "mrda/interop/result.h"

namespace mrda {

/// The size of the shared memory behind `fd`, which nobody can make smaller any more: so much of it
/// may be mapped, whoever else holds it. Without F_SEAL_SHRINK another owner of a memfd could cut
/// it off beneath the mapping, and the next access would end this process (SIGBUS). Does not wait.
/// Errors: invalid_argument (closed; a memfd or file that can shrink; neither that nor a DMA-BUF).
Result<std::uint64_t> unshrinkable_size_bytes(int fd);

}  // namespace mrda
