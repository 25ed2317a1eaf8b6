// SPDX-License-Identifier: MIT
#include "attach.h"

#include <optional>
#include <utility>
#include <vector>

#include "mrda/ivshmem/wire_format.h"
#include "os.h"
#include "waking.h"

namespace mrda::guest::core {

namespace {

using ivshmem::Mapping;
using ivshmem::Region;
using ivshmem::SessionLayout;

Error contradicts(const std::string& what) {
    return make_error(Errc::corrupt, "the service's answer cannot be right: " + what);
}

Result<void> check_version(std::uint32_t major) {
    if (major != ivshmem::kVersionMajor) {
        return make_error(Errc::unsupported, "the service speaks wire format " +
                                                 std::to_string(major) + ", this guest speaks " +
                                                 std::to_string(ivshmem::kVersionMajor) +
                                                 "; update the older one");
    }
    return {};
}

Result<SessionLayout> layout_of(const v1::CreateReply& reply) {
    auto layout = SessionLayout::from_peer({.input_slots = reply.input_slots(),
                                            .input_slot_bytes = reply.input_slot_bytes(),
                                            .output_slots = reply.output_slots(),
                                            .output_slot_bytes = reply.output_slot_bytes()},
                                           reply.ring_capacity());
    if (!layout.ok()) {
        return contradicts(layout.error().message);
    }
    return layout;
}

Result<FrameLayout> frame_of(const v1::EncodeConfig& asked, const v1::FrameLayout& told,
                             std::uint64_t slot_bytes) {
    std::vector<PlaneLayout> planes;
    for (const v1::Plane& plane : told.planes()) {
        planes.push_back({plane.offset_bytes(), plane.pitch_bytes()});
    }
    auto frame = FrameLayout::from_planes(told.drm_fourcc(), told.width_px(), told.height_px(),
                                          told.modifier(), planes);
    if (!frame.ok()) {
        return contradicts(frame.error().message);
    }
    if (told.drm_fourcc() != asked.drm_fourcc() || told.width_px() < asked.width_px() ||
        told.height_px() < asked.height_px() || !frame->is_linear()) {
        return contradicts("a frame of " + frame->to_string() + " where " +
                           fourcc_string(asked.drm_fourcc()) + " of " +
                           std::to_string(asked.width_px()) + "x" +
                           std::to_string(asked.height_px()) + " was asked for");
    }
    if (const auto fits = frame->check_fits(slot_bytes); !fits.ok()) {
        return contradicts(fits.error().message);
    }
    return frame;
}

Result<RegionMemory> object_of(const v1::Region& told, std::uint64_t deadline_ns) {
    if (told.path().empty() == told.socket_path().empty()) {
        return contradicts("a region needs either a path or a socket");
    }
    MRDA_ASSIGN(Fd fd, told.path().empty() ? os::receive_region(told.socket_path(),
                                                                told.attach_token(), deadline_ns)
                                           : os::open_region(told.path()));
    MRDA_ASSIGN(const Region region, Region::adopt(std::move(fd)));
    MRDA_ASSIGN(Fd own, duplicate_fd(region.fd()));
    return RegionMemory{.fd = std::move(own),
                        .size_bytes = region.size_bytes(),
                        .outlives_service = region.kind() == Region::Kind::file};
}

Result<RegionMemory> region_of(const v1::Region& told, const Devices* devices,
                               const std::string& wanted, std::uint64_t deadline_ns) {
    RegionMemory memory;
    if (devices == nullptr) {
        MRDA_ASSIGN(memory, object_of(told, deadline_ns));
    } else {
        MRDA_ASSIGN(memory.device, devices->find(told, wanted));
        memory.size_bytes = memory.device->size_bytes();
        memory.outlives_service = true;
    }
    if (memory.size_bytes < told.size_bytes()) {
        return contradicts("a region of " + std::to_string(told.size_bytes()) + " bytes that has " +
                           std::to_string(memory.size_bytes));
    }
    return memory;
}

Result<Mapping> map_extent(const v1::Region& told, const RegionMemory& region,
                           std::uint64_t wanted_bytes, std::uint64_t control_bytes) {
    if (told.extent_bytes() != wanted_bytes) {
        return contradicts("an extent of " + std::to_string(told.extent_bytes()) +
                           " bytes for a layout of " + std::to_string(wanted_bytes));
    }
    auto mapping =
        Mapping::map(region.view(control_bytes), {told.extent_offset_bytes(), told.extent_bytes()});
    if (!mapping.ok() && mapping.error().code == Errc::invalid_argument) {
        return contradicts(mapping.error().message);
    }
    return mapping;
}

bool same_region(const v1::Region& a, const v1::Region& b) {
    return a.path() == b.path() && a.socket_path() == b.socket_path() &&
           a.attach_token() == b.attach_token();
}

struct Memory {
    std::shared_ptr<RemovalWatch> removal;
    RegionMemory input_region;
    Mapping input;
    Mapping output;
    bool in_devices;
    bool outlives_service;
};

/// Null for regions of this system.
Result<std::shared_ptr<RemovalWatch>> removal_of(const RegionMemory& input,
                                                 const RegionMemory& output) {
    std::vector<std::shared_ptr<ivshmem::PciDevice>> devices;
    for (const auto& device : {input.device, output.device}) {
        if (device != nullptr) {
            devices.push_back(device);
        }
    }
    if (devices.empty()) {
        return std::shared_ptr<RemovalWatch>();
    }
    return RemovalWatch::make(std::move(devices));
}

Result<Memory> memory_of(const v1::CreateReply& reply, const SessionLayout& layout,
                         const Reach& reach, const Devices* devices, std::uint64_t deadline_ns) {
    const v1::Region& in = reply.in_region();
    const v1::Region& out = reply.out_region();
    MRDA_ASSIGN(RegionMemory input, region_of(in, devices, reach.in_device, deadline_ns));
    if (reach.survive_removal && input.device != nullptr) {
        MRDA_TRY(input.device->survive_removal());
    }
    RegionMemory own_output;  // Where it is not the input's.
    if (!same_region(in, out)) {
        MRDA_ASSIGN(own_output, region_of(out, devices, reach.out_device, deadline_ns));
    } else if (devices != nullptr) {
        MRDA_TRY(devices->find(out, reach.out_device));
    }
    const RegionMemory& output = same_region(in, out) ? input : own_output;
    MRDA_ASSIGN(auto removal, removal_of(input, own_output));
    MRDA_ASSIGN(Mapping input_mapping,
                map_extent(in, input, layout.input_extent_bytes(), layout.control_bytes()));
    MRDA_ASSIGN(Mapping output_mapping, map_extent(out, output, layout.output_extent_bytes(), 0));
    const bool outlives = input.outlives_service || output.outlives_service;
    return Memory{std::move(removal),        std::move(input),   std::move(input_mapping),
                  std::move(output_mapping), devices != nullptr, outlives};
}

/// The devices', or where nobody named any and none has the region, this system's.
Result<Memory> reached_memory(const v1::CreateReply& reply, const SessionLayout& layout,
                              const Reach& reach, const Devices* devices,
                              std::uint64_t deadline_ns) {
    auto memory = memory_of(reply, layout, reach, devices, deadline_ns);
    if (memory.ok() || devices == nullptr || !reach.or_own_system ||
        memory.error().code != Errc::not_found) {
        return memory;
    }
    auto own = memory_of(reply, layout, reach, nullptr, deadline_ns);
    if (own.ok()) {
        return own;
    }
    Error both = memory.error();
    both.message += "; and as a process of the service's system: " + to_string(own.error());
    return both;
}

std::string lines_of(const v1::CreateReply& reply) {
    std::string lines;
    for (const std::string& notice : reply.notices()) {
        lines += (lines.empty() ? "" : "\n") + notice;
    }
    return lines;
}

}  // namespace

Result<Attachment> attach(const v1::CreateRequest& asked, const v1::CreateReply& reply,
                          const Reach& reach, const Devices* devices, Control& control,
                          std::uint64_t deadline_ns) {
    MRDA_TRY(check_version(reply.wire_major()));
    MRDA_ASSIGN(const SessionLayout layout, layout_of(reply));
    MRDA_ASSIGN(FrameLayout frame,
                frame_of(asked.encode(), reply.frame(), layout.input_slot_bytes()));
    MRDA_ASSIGN(Memory memory, reached_memory(reply, layout, reach, devices, deadline_ns));
    const std::uint64_t session = reply.status().session_id();
    const auto header = memory.input.control(layout.control_bytes())
                            .copy<ivshmem::SessionHeader>(ivshmem::kHeaderPage);
    MRDA_TRY(check_header(header, layout, session, reply.epoch()));
    MRDA_ASSIGN(auto wakeup, wakeup_of(reply.wake(), memory.input_region.device, control, session,
                                       memory.removal));
    return Attachment{
        .session_id = session,
        .epoch = reply.epoch(),
        .lease_ms = reply.lease_ms(),
        .layout = layout,
        .frame = std::move(frame),
        .removal = std::move(memory.removal),
        .input_region = std::move(memory.input_region),
        .input_extent = {reply.in_region().extent_offset_bytes(), reply.in_region().extent_bytes()},
        .output_extent = {reply.out_region().extent_offset_bytes(),
                          reply.out_region().extent_bytes()},
        .input = std::move(memory.input),
        .output = std::move(memory.output),
        .in_devices = memory.in_devices,
        .outlives_service = memory.outlives_service,
        .wakeup = std::move(wakeup),
        .woken = words_of(reply.wake()),
        .path = reply.status().path(),
        .path_reason = reply.status().path_reason(),
        .implementation = reply.status().implementation(),
        .notices = lines_of(reply)};
}

Result<Attachment> make_session(v1::CreateRequest asked, const Reach& reach, Control& control,
                                std::uint64_t deadline_ns) {
    std::optional<Devices> devices;
    if (reach.by_device) {
        devices = Devices::look(reach.paths);
    }
    // Other programs' devices alone: as a process of the service's system, which wakes by futex.
    const bool is_none =
        devices && reach.or_own_system && reach.wake.empty() && !devices->have_regions();
    const Devices* const among = devices && !is_none ? &*devices : nullptr;
    if (among != nullptr) {
        MRDA_ASSIGN(*asked.mutable_wake(), among->offer(reach));
    }
    MRDA_ASSIGN(const v1::CreateReply reply, control.create(asked, deadline_ns));
    auto attached = attach(asked, reply, reach, among, control, deadline_ns);
    if (!attached.ok()) {
        // If this fails, too, its lease ends.
        static_cast<void>(
            control.stop(reply.status().session_id(), os::deadline_after(kCallTimeoutNs)).ok());
        if (is_none) {
            Error both = attached.error();
            both.message += "; and no IVSHMEM device has a region of MRDA's" + devices->words();
            return both;
        }
    }
    return attached;
}

}  // namespace mrda::guest::core
