// SPDX-License-Identifier: MIT
#include "create_reply.h"

namespace mrda::service {

namespace {

v1::Region region_reply(const SharedRegion& region, const ivshmem::Extent& extent,
                        const std::string& token, const std::string& socket_path) {
    v1::Region reply;
    if (region.path.empty()) {
        reply.set_socket_path(socket_path);
        reply.set_attach_token(token);
    } else {
        reply.set_path(region.path);
    }
    reply.set_size_bytes(region.region.size_bytes());
    reply.set_extent_offset_bytes(extent.offset_bytes);
    reply.set_extent_bytes(extent.size_bytes);
    reply.set_name(region.name);
    reply.set_id(region.id.data(), region.id.size());
    return reply;
}

}  // namespace

v1::CreateReply create_reply(const Session& session, const SessionSettings& settings,
                             const RegionAccess& access) {
    const SessionPlan& plan = session.plan();
    const SessionMemory& memory = *session.memory();
    v1::CreateReply reply;
    *reply.mutable_status() = session.status();
    reply.set_wire_major(ivshmem::kVersionMajor);
    reply.set_epoch(settings.epoch);
    *reply.mutable_in_region() =
        region_reply(memory.input_region(), memory.input(), access.input_token, access.socket_path);
    *reply.mutable_out_region() = region_reply(memory.output_region(), memory.output(),
                                               access.output_token, access.socket_path);
    reply.set_ring_capacity(plan.layout.ring_capacity());
    reply.set_input_slots(plan.layout.input_slots());
    reply.set_input_slot_bytes(plan.layout.input_slot_bytes());
    reply.set_output_slots(plan.layout.output_slots());
    reply.set_output_slot_bytes(plan.layout.output_slot_bytes());
    v1::FrameLayout& frame = *reply.mutable_frame();
    frame.set_drm_fourcc(plan.frame.format().drm_fourcc);
    frame.set_width_px(plan.frame.width_px());
    frame.set_height_px(plan.frame.height_px());
    frame.set_modifier(plan.frame.modifier());
    for (const PlaneLayout& plane : plan.frame.planes()) {
        v1::Plane& at = *frame.add_planes();
        at.set_offset_bytes(plane.offset_bytes);
        at.set_pitch_bytes(plane.pitch_bytes);
    }
    reply.set_lease_ms(static_cast<std::uint32_t>(settings.lease_ns / 1'000'000));
    for (const std::string& notice : plan.notices) {
        reply.add_notices(notice);
    }
    session.wake()->fill(*reply.mutable_wake());
    return reply;
}

}  // namespace mrda::service
