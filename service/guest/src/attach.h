// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/region.h"
#include "mrda/ivshmem/session_layout.h"
#include "mrda/v1/sessions.pb.h"

namespace mrda::guest::core {

/// A session that the service made, with its memory mapped and checked. Move-only.
struct Attachment {
    std::uint64_t session_id = 0;
    std::uint32_t epoch = 0;
    std::uint32_t lease_ms = 0;
    ivshmem::SessionLayout layout;
    FrameLayout frame;
    Fd input_region;  ///< Of `input`, so that it can be mapped in another place, too.
    ivshmem::Extent input_extent;
    ivshmem::Mapping input;
    ivshmem::Mapping output;
    bool in_files = false;  ///< Or one of both is: memory that outlives the service.
    std::string path;
    std::string path_reason;
    std::string implementation;
    std::string notices;  ///< A line each.
};

/// Gets and maps the memory that `reply` names. `asked` is what was to be made.
/// Errors: unsupported (the wire version; both are named), corrupt (a reply that contradicts
/// itself, the request, or the session's first page), busy (the service was restarted meanwhile),
/// and what os::open_region() and os::receive_region() say.
Result<Attachment> attach(const v1::CreateRequest& asked, const v1::CreateReply& reply,
                          std::uint64_t deadline_ns);

}  // namespace mrda::guest::core
