// SPDX-License-Identifier: MIT
#include "worker_protocol.h"

#include <array>
#include <vector>

#include "control_json.h"

namespace mrda::service {

namespace {

using nlohmann::json;

constexpr std::array<const char*, 5> kEventNames{"running", "drained", "reset", "failed", "stats"};
constexpr std::array<const char*, 4> kCommandNames{"drain", "reset", "stop", "stats"};

json to_json(const EncodeParams& params) {
    return {{"codec", params.codec},
            {"profile", params.profile},
            {"plugin", params.plugin},
            {"width", params.width_px},
            {"height", params.height_px},
            {"fps_num", params.fps_num},
            {"fps_den", params.fps_den},
            {"vbr", params.vbr},
            {"qp", params.qp},
            {"bitrate_kbps", params.bitrate_kbps},
            {"gop_size", params.gop_size},
            {"gop_ref_dist", params.gop_ref_dist},
            {"num_ref_frames", params.num_ref_frames},
            {"target_usage", params.target_usage},
            {"async_depth", params.async_depth},
            {"path", params.path}};
}

Result<EncodeParams> params_from(const json& object) {
    EncodeParams params;
    JsonReader reader(object);
    reader.get("codec", params.codec);
    reader.get("profile", params.profile);
    reader.get("plugin", params.plugin);
    reader.get("width", params.width_px);
    reader.get("height", params.height_px);
    reader.get("fps_num", params.fps_num);
    reader.get("fps_den", params.fps_den);
    reader.get("vbr", params.vbr);
    reader.get("qp", params.qp);
    reader.get("bitrate_kbps", params.bitrate_kbps);
    reader.get("gop_size", params.gop_size);
    reader.get("gop_ref_dist", params.gop_ref_dist);
    reader.get("num_ref_frames", params.num_ref_frames);
    reader.get("target_usage", params.target_usage);
    reader.get("async_depth", params.async_depth);
    reader.get("path", params.path);
    MRDA_TRY(reader.done());
    return params;
}

json to_json(const FrameLayout& frame) {
    json planes = json::array();
    for (const PlaneLayout& plane : frame.planes()) {
        planes.push_back({{"offset", plane.offset_bytes}, {"pitch", plane.pitch_bytes}});
    }
    return {{"fourcc", frame.format().drm_fourcc},
            {"width", frame.width_px()},
            {"height", frame.height_px()},
            {"modifier", frame.modifier()},
            {"planes", std::move(planes)}};
}

Result<FrameLayout> frame_from(const json& object) {
    std::uint32_t fourcc = 0;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint64_t modifier = 0;
    JsonReader reader(object);
    reader.get("fourcc", fourcc);
    reader.get("width", width_px);
    reader.get("height", height_px);
    reader.get("modifier", modifier);
    MRDA_TRY(reader.done());
    std::vector<PlaneLayout> planes;
    const json& list = member(object, "planes");
    if (!list.is_array() || list.size() > 4) {
        return bad_field("planes");
    }
    for (const json& plane : list) {
        PlaneLayout& at = planes.emplace_back();
        JsonReader plane_reader(plane);
        plane_reader.get("offset", at.offset_bytes);
        plane_reader.get("pitch", at.pitch_bytes);
        MRDA_TRY(plane_reader.done());
    }
    return FrameLayout::from_planes(fourcc, width_px, height_px, modifier, planes);
}

json to_json(const ivshmem::Extent& extent) {
    return {{"offset", extent.offset_bytes}, {"size", extent.size_bytes}};
}

Result<ivshmem::Extent> extent_from(const json& object) {
    ivshmem::Extent extent;
    JsonReader reader(object);
    reader.get("offset", extent.offset_bytes);
    reader.get("size", extent.size_bytes);
    MRDA_TRY(reader.done());
    return extent;
}

Result<ivshmem::SessionLayout> layout_from(const json& object) {
    ivshmem::SlotCounts slots;
    std::uint32_t ring_capacity = 0;
    JsonReader reader(object);
    reader.get("input_slots", slots.input_slots);
    reader.get("input_slot_bytes", slots.input_slot_bytes);
    reader.get("output_slots", slots.output_slots);
    reader.get("output_slot_bytes", slots.output_slot_bytes);
    reader.get("ring_capacity", ring_capacity);
    MRDA_TRY(reader.done());
    return ivshmem::SessionLayout::from_peer(slots, ring_capacity);
}

}  // namespace

std::string to_message(const WorkerJob& job) {
    return dump_control_message({{"session", job.session_id},
                                 {"epoch", job.epoch},
                                 {"params", to_json(job.params)},
                                 {"frame", to_json(job.frame)},
                                 {"layout",
                                  {{"input_slots", job.layout.input_slots()},
                                   {"input_slot_bytes", job.layout.input_slot_bytes()},
                                   {"output_slots", job.layout.output_slots()},
                                   {"output_slot_bytes", job.layout.output_slot_bytes()},
                                   {"ring_capacity", job.layout.ring_capacity()}}},
                                 {"input", to_json(job.input)},
                                 {"output", to_json(job.output)},
                                 {"platform", job.platform},
                                 {"device", job.device},
                                 {"plugin_dirs", job.plugin_dirs},
                                 {"driver_dir", job.driver_dir},
                                 {"memory_bytes", job.memory_bytes},
                                 {"host_woken_by", ivshmem::to_string(job.host_woken_by)},
                                 {"guest_woken_by", ivshmem::to_string(job.guest_woken_by)}});
}

Result<WorkerJob> parse_job(std::string_view message) {
    MRDA_ASSIGN(const json object, parse_control_message(message));
    MRDA_ASSIGN(EncodeParams params, params_from(member(object, "params")));
    MRDA_ASSIGN(FrameLayout frame, frame_from(member(object, "frame")));
    MRDA_ASSIGN(const ivshmem::SessionLayout layout, layout_from(member(object, "layout")));
    WorkerJob job{.params = std::move(params), .frame = std::move(frame), .layout = layout};
    MRDA_ASSIGN(job.input, extent_from(member(object, "input")));
    MRDA_ASSIGN(job.output, extent_from(member(object, "output")));
    JsonReader reader(object);
    reader.get("session", job.session_id);
    reader.get("epoch", job.epoch);
    reader.get("platform", job.platform);
    reader.get("device", job.device);
    reader.get("plugin_dirs", kMaxPluginDirs, job.plugin_dirs);
    reader.get("driver_dir", job.driver_dir);
    reader.get("memory_bytes", job.memory_bytes);
    std::string host;
    std::string guest;
    reader.get("host_woken_by", host);
    reader.get("guest_woken_by", guest);
    MRDA_TRY(reader.done());
    const auto host_by = ivshmem::parse_wake_by(host);
    const auto guest_by = ivshmem::parse_wake_by(guest);
    if (!host_by || !guest_by) {
        return bad_field(host_by ? "guest_woken_by" : "host_woken_by");
    }
    job.host_woken_by = *host_by;
    job.guest_woken_by = *guest_by;
    return job;
}

bool has_event(ivshmem::WakeBy by) {
    return by == ivshmem::WakeBy::doorbell || by == ivshmem::WakeBy::stream;
}

WorkerPreparation preparation_of(const WorkerJob& job) {
    return {job.platform, job.device, job.plugin_dirs, job.params.plugin, job.driver_dir};
}

std::string to_message(const WorkerPreparation& preparation) {
    return dump_control_message({{"prepare",
                                  {{"platform", preparation.platform},
                                   {"device", preparation.device},
                                   {"plugin_dirs", preparation.plugin_dirs},
                                   {"plugin", preparation.plugin},
                                   {"driver_dir", preparation.driver_dir}}}});
}

Result<WorkerPreparation> parse_preparation(std::string_view message) {
    MRDA_ASSIGN(const json object, parse_control_message(message));
    WorkerPreparation preparation;
    JsonReader reader(member(object, "prepare"));
    reader.get("platform", preparation.platform);
    reader.get("device", preparation.device);
    reader.get("plugin_dirs", kMaxPluginDirs, preparation.plugin_dirs);
    reader.get("plugin", preparation.plugin);
    reader.get("driver_dir", preparation.driver_dir);
    MRDA_TRY(reader.done());
    return preparation;
}

std::string to_message(const WorkerEvent& event) {
    return dump_control_message({{"event", kEventNames[static_cast<std::size_t>(event.kind)]},
                                 {"code", static_cast<std::uint32_t>(event.code)},
                                 {"message", event.message.substr(0, kLongestTextBytes)},
                                 {"path", event.path},
                                 {"implementation", event.implementation},
                                 {"frames", event.frames},
                                 {"packets", event.packets},
                                 {"bytes", event.bytes},
                                 {"cpu_copied_bytes", event.cpu_copied_bytes},
                                 {"codec_copied_bytes", event.codec_copied_bytes}});
}

Result<WorkerEvent> parse_event(std::string_view message) {
    MRDA_ASSIGN(const json object, parse_control_message(message));
    WorkerEvent event;
    std::string name;
    std::uint32_t code = 0;
    JsonReader reader(object);
    reader.get("event", name);
    reader.get("code", code);
    reader.get("message", event.message);
    reader.get("path", event.path);
    reader.get("implementation", event.implementation);
    reader.get("frames", event.frames);
    reader.get("packets", event.packets);
    reader.get("bytes", event.bytes);
    reader.get("cpu_copied_bytes", event.cpu_copied_bytes);
    reader.get("codec_copied_bytes", event.codec_copied_bytes);
    MRDA_TRY(reader.done());
    const auto kind = index_of(kEventNames, name);
    if (!kind || code > static_cast<std::uint32_t>(Errc::internal)) {
        return bad_field(kind ? "code" : "event");
    }
    event.kind = static_cast<WorkerEvent::Kind>(*kind);
    event.code = static_cast<Errc>(code);
    return event;
}

std::string to_message(WorkerCommand command) {
    return dump_control_message({{"op", kCommandNames[static_cast<std::size_t>(command)]}});
}

Result<WorkerCommand> parse_command(std::string_view message) {
    MRDA_ASSIGN(const json object, parse_control_message(message));
    std::string name;
    JsonReader reader(object);
    reader.get("op", name);
    MRDA_TRY(reader.done());
    const auto command = index_of(kCommandNames, name);
    if (!command) {
        return bad_field("op");
    }
    return static_cast<WorkerCommand>(*command);
}

}  // namespace mrda::service
