// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "control.h"
#include "devices.h"
#include "mrda/interop/fd.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/region.h"
#include "mrda/ivshmem/session_layout.h"
#include "mrda/ivshmem/wakeup.h"
#include "mrda/v1/sessions.pb.h"
#include "removal_watch.h"

namespace mrda::guest::core {

/// A region as this guest has it: an object of this kernel, or a device of this machine.
struct RegionMemory {
    Fd fd;  ///< None where there is a device.
    std::shared_ptr<ivshmem::PciDevice> device;
    std::uint64_t size_bytes = 0;
    bool outlives_service = false;  ///< So its next life has it, too.

    /// For an extent that begins with `control_bytes` of control words.
    [[nodiscard]] ivshmem::RegionView view(std::uint64_t control_bytes) const {
        return device == nullptr ? ivshmem::RegionView{fd.get()} : device->view(control_bytes);
    }
};

/// A session that the service made, with its memory mapped and checked. Move-only.
struct Attachment {
    std::uint64_t session_id = 0;
    std::uint32_t epoch = 0;
    std::uint32_t lease_ms = 0;
    ivshmem::SessionLayout layout;
    FrameLayout frame;
    /// Of the devices whose memory it is, which it holds. Null: there are none.
    std::shared_ptr<RemovalWatch> removal;
    RegionMemory input_region;  ///< Of `input`, so that it can be mapped in another place, too.
    ivshmem::Extent input_extent;
    ivshmem::Extent output_extent;
    ivshmem::Mapping input;
    ivshmem::Mapping output;
    bool in_devices = false;                  ///< They may be write-combined.
    bool outlives_service = false;            ///< One of both does.
    std::unique_ptr<ivshmem::Wakeup> wakeup;  ///< Null: by futex.
    std::string woken;                        ///< How both sides are, and why not better.
    std::string path;
    std::string path_reason;
    std::string implementation;
    std::string notices;  ///< A line each.
};

/// Gets and maps the memory that `reply` names, of `devices` or, where they are null, of this
/// system. `asked` is what was to be made, and `control`, which must outlive what comes of it,
/// where. Errors: unsupported (the wire version; both are named), corrupt (a reply that contradicts
/// itself, the request, or the session's first page), busy (the service was restarted meanwhile),
/// and what os::open_region(), os::receive_region() and Devices::find() say.
Result<Attachment> attach(const v1::CreateRequest& asked, const v1::CreateReply& reply,
                          const Reach& reach, const Devices* devices, Control& control,
                          std::uint64_t deadline_ns);

/// Has the service make a session, with an offer of what the devices of this machine can do now,
/// and attaches it; one that cannot be used is stopped. Errors: as Control::create(),
/// Devices::offer() and attach().
Result<Attachment> make_session(v1::CreateRequest asked, const Reach& reach, Control& control,
                                std::uint64_t deadline_ns);

}  // namespace mrda::guest::core
