// SPDX-License-Identifier: MIT
#pragma once

#include "mrda/interop/result.h"
#include "mrda/ivshmem/region.h"
#include "mrda/media/plugin.h"
#include "worker_protocol.h"

namespace mrda::service {

/// Whether the job's extents are what its layout needs, and a frame fits into a slot.
/// Errors: invalid_argument, naming the sizes.
Result<void> check_sizes(const WorkerJob& job);

/// What a plugin is told. `mapping` is the job's input extent of `region`; the plugin borrows both.
mrda_encoder_config codec_config(const WorkerJob& job, const ivshmem::Region& region,
                                 const ivshmem::Mapping& mapping);

}  // namespace mrda::service
