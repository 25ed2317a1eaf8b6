// SPDX-License-Identifier: MIT
#include "attach.h"

#include <utility>
#include <vector>

#include "mrda/ivshmem/wire_format.h"
#include "os.h"

namespace mrda::guest::core {

namespace {

using ivshmem::Extent;
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

Result<Region> region_of(const v1::Region& told, std::uint64_t deadline_ns) {
    if (told.path().empty() == told.socket_path().empty()) {
        return contradicts("a region needs either a path or a socket");
    }
    MRDA_ASSIGN(Fd fd, told.path().empty() ? os::receive_region(told.socket_path(),
                                                                told.attach_token(), deadline_ns)
                                           : os::open_region(told.path()));
    MRDA_ASSIGN(Region region, Region::adopt(std::move(fd)));
    if (region.size_bytes() < told.size_bytes()) {
        return contradicts("a region of " + std::to_string(told.size_bytes()) + " bytes that has " +
                           std::to_string(region.size_bytes()));
    }
    return region;
}

Result<Extent> extent_of(const v1::Region& told, const Region& region, std::uint64_t wanted_bytes) {
    const Extent extent{told.extent_offset_bytes(), told.extent_bytes()};
    if (extent.size_bytes != wanted_bytes) {
        return contradicts("an extent of " + std::to_string(extent.size_bytes) +
                           " bytes for a layout of " + std::to_string(wanted_bytes));
    }
    if (const auto within = region.check_extent(extent); !within.ok()) {
        return contradicts(within.error().message);
    }
    return extent;
}

bool same_region(const v1::Region& a, const v1::Region& b) {
    return a.path() == b.path() && a.socket_path() == b.socket_path() &&
           a.attach_token() == b.attach_token();
}

struct Memory {
    Fd input_region;
    Extent input_extent;
    Mapping input;
    Mapping output;
    bool in_files;
};

Result<Memory> memory_of(const v1::CreateReply& reply, const SessionLayout& layout,
                         std::uint64_t deadline_ns) {
    MRDA_ASSIGN(const Region in, region_of(reply.in_region(), deadline_ns));
    MRDA_ASSIGN(const Extent in_extent,
                extent_of(reply.in_region(), in, layout.input_extent_bytes()));
    MRDA_ASSIGN(Mapping input, Mapping::map(in.fd(), in_extent));
    const auto map_output = [&](const Region& out) -> Result<Mapping> {
        MRDA_ASSIGN(const Extent extent,
                    extent_of(reply.out_region(), out, layout.output_extent_bytes()));
        return Mapping::map(out.fd(), extent);
    };
    Mapping output;
    bool in_files = in.kind() == Region::Kind::file;
    if (same_region(reply.in_region(), reply.out_region())) {
        MRDA_ASSIGN(output, map_output(in));
    } else {
        MRDA_ASSIGN(const Region out, region_of(reply.out_region(), deadline_ns));
        MRDA_ASSIGN(output, map_output(out));
        in_files = in_files || out.kind() == Region::Kind::file;
    }
    MRDA_ASSIGN(Fd input_region, duplicate_fd(in.fd()));
    return Memory{std::move(input_region), in_extent, std::move(input), std::move(output),
                  in_files};
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
                          std::uint64_t deadline_ns) {
    MRDA_TRY(check_version(reply.wire_major()));
    MRDA_ASSIGN(const SessionLayout layout, layout_of(reply));
    MRDA_ASSIGN(FrameLayout frame,
                frame_of(asked.encode(), reply.frame(), layout.input_slot_bytes()));
    MRDA_ASSIGN(Memory memory, memory_of(reply, layout, deadline_ns));
    const auto header = memory.input.control(layout.control_bytes())
                            .copy<ivshmem::SessionHeader>(ivshmem::kHeaderPage);
    MRDA_TRY(check_header(header, layout, reply.status().session_id(), reply.epoch()));
    return Attachment{.session_id = reply.status().session_id(),
                      .epoch = reply.epoch(),
                      .lease_ms = reply.lease_ms(),
                      .layout = layout,
                      .frame = std::move(frame),
                      .input_region = std::move(memory.input_region),
                      .input_extent = memory.input_extent,
                      .input = std::move(memory.input),
                      .output = std::move(memory.output),
                      .in_files = memory.in_files,
                      .path = reply.status().path(),
                      .path_reason = reply.status().path_reason(),
                      .implementation = reply.status().implementation(),
                      .notices = lines_of(reply)};
}

}  // namespace mrda::guest::core
