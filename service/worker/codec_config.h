// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "mrda/interop/result.h"
#include "mrda/ivshmem/region.h"
#include "mrda/media/plugin.h"
#include "worker_protocol.h"

namespace mrda::service {

/// Whether the job's extents are what its layout needs, and a frame fits into a slot.
/// Errors: invalid_argument, naming the sizes.
Result<void> check_sizes(const WorkerJob& job);

/// The job's input slots as a plugin's buffers. `mapping` is the job's input extent of `region`;
/// both must outlive the buffers, and these the session.
std::vector<mrda_buffer> input_buffers(const WorkerJob& job, const ivshmem::Region& region,
                                       const ivshmem::Mapping& mapping);

/// What a plugin is told, but for its pools' buffers.
mrda_session_config codec_config(const WorkerJob& job);

}  // namespace mrda::service
