// SPDX-License-Identifier: MIT
#include "encode_request.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "slot_sizes.h"

namespace mrda::service {

namespace {

/// Beyond what is in flight: what guest and encoder each hold, and reorder.
constexpr std::uint32_t kSpareSlots = 8;
constexpr std::size_t kMaxPluginName = 64;

Error wrong(const std::string& field, const std::string& value, const std::string& wanted) {
    return make_error(Errc::invalid_argument, field + " " + value + ": " + wanted);
}

Result<void> in_range(const char* field, std::uint64_t value, std::uint64_t least,
                      std::uint64_t most) {
    if (value < least || value > most) {
        return wrong(field, std::to_string(value),
                     "from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return {};
}

struct CodecRow {
    v1::Codec codec;
    const char* name;
    const char* plugin;
    std::array<std::string_view, 3> profiles;
    std::uint32_t largest_qp;
};
constexpr std::array<CodecRow, 5> kCodecs{{
    {v1::CODEC_AVC, "avc", kDefaultPlugin, {"main", "high", ""}, 51},
    {v1::CODEC_HEVC, "hevc", kDefaultPlugin, {"main", "main10", ""}, 51},
    {v1::CODEC_AV1, "av1", kDefaultPlugin, {"main", "high", ""}, 255},
    {v1::CODEC_COPY, "copy", "copy", {"", "", ""}, 255},
    {v1::CODEC_VP9, "vp9", "vpx", {"0", "", ""}, 63},
}};

Result<const CodecRow*> row_of(const v1::EncodeConfig& config) {
    const auto row = std::find_if(kCodecs.begin(), kCodecs.end(), [&](const CodecRow& candidate) {
        return candidate.codec == config.codec();
    });
    if (row == kCodecs.end()) {
        return wrong("codec", std::to_string(static_cast<int>(config.codec())),
                     "1 AVC, 2 HEVC, 3 AV1, 4 copy or 5 VP9");
    }
    const auto& profiles = row->profiles;
    if (!config.profile().empty() &&
        std::find(profiles.begin(), profiles.end(), config.profile()) == profiles.end()) {
        std::string all(profiles[0].empty() ? "none" : profiles[0]);
        all += profiles[1].empty() ? "" : " and " + std::string(profiles[1]);
        return wrong("profile", "\"" + config.profile() + "\"", row->name + (" has " + all));
    }
    return &*row;
}

/// It becomes part of a file's name, in the worker.
Result<void> check_plugin(const std::string& name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    if (name.size() > kMaxPluginName || !std::all_of(name.begin(), name.end(), allowed)) {
        return wrong(
            "plugin", "\"" + name.substr(0, kMaxPluginName) + "\"",
            "names have up to " + std::to_string(kMaxPluginName) + " letters a-z, digits, _ and -");
    }
    return {};
}

Result<EncodeParams> params_of(const v1::EncodeConfig& config) {
    MRDA_ASSIGN(const CodecRow* const row, row_of(config));
    if (config.rate_control() != v1::RATE_CONTROL_CQP &&
        config.rate_control() != v1::RATE_CONTROL_VBR) {
        return wrong("rate control", std::to_string(static_cast<int>(config.rate_control())),
                     "0 CQP or 1 VBR");
    }
    const bool vbr = config.rate_control() == v1::RATE_CONTROL_VBR;
    MRDA_TRY(in_range("width", config.width_px(), 1, kMaxDimensionPx));
    MRDA_TRY(in_range("height", config.height_px(), 1, kMaxDimensionPx));
    MRDA_TRY(in_range("fps", config.fps_num(), 1, 1'000'000));
    MRDA_TRY(in_range("fps denominator", config.fps_den(), 1, 1'000'000));
    MRDA_TRY(in_range("fps", config.fps_num() / config.fps_den(), 1, 1'000));
    if (vbr) {
        MRDA_TRY(in_range("bitrate", config.bitrate_kbps(), 1, 1'000'000));
    } else {
        MRDA_TRY(in_range("qp", config.qp(), 1, row->largest_qp));
    }
    MRDA_TRY(in_range("GOP size", config.gop_size(), 1, std::numeric_limits<std::uint16_t>::max()));
    MRDA_TRY(in_range("GOP reference distance", config.gop_ref_dist(), 1, 16));
    MRDA_TRY(in_range("reference frames", config.num_ref_frames(), 1, 16));
    MRDA_TRY(in_range("target usage", config.target_usage(), 1, 7));
    MRDA_TRY(check_plugin(config.plugin()));
    MRDA_TRY(in_range("async depth", config.async_depth(), 1, 64));
    return EncodeParams{.codec = row->name,
                        .profile = config.profile(),
                        .plugin = config.plugin().empty() ? row->plugin : config.plugin(),
                        .width_px = config.width_px(),
                        .height_px = config.height_px(),
                        .fps_num = config.fps_num(),
                        .fps_den = config.fps_den(),
                        .vbr = vbr,
                        .qp = config.qp(),
                        .bitrate_kbps = config.bitrate_kbps(),
                        .gop_size = config.gop_size(),
                        .gop_ref_dist = config.gop_ref_dist(),
                        .num_ref_frames = config.num_ref_frames(),
                        .target_usage = config.target_usage(),
                        .async_depth = config.async_depth()};
}

Result<FrameLayout> frame_of(std::uint32_t drm_fourcc, const EncodeParams& params) {
    // Refuses odd sizes where chroma is subsampled, which rounding up would hide.
    MRDA_ASSIGN(const FrameLayout picture,
                FrameLayout::linear(drm_fourcc, params.width_px, params.height_px, {1, 1}));
    if (params.codec == "copy") {
        return picture;
    }
    return encoder_frame(drm_fourcc, params.width_px, params.height_px);
}

Result<ivshmem::SessionLayout> layout_of(const v1::CreateRequest& request,
                                         const EncodeParams& params, const FrameLayout& frame) {
    const std::uint32_t wanted = params.async_depth + params.gop_ref_dist + kSpareSlots;
    ivshmem::SlotCounts slots{
        .input_slots = request.input_slots() == 0 ? wanted : request.input_slots(),
        .input_slot_bytes =
            request.input_slot_bytes() == 0 ? frame.size_bytes() : request.input_slot_bytes(),
        .output_slots = request.output_slots() == 0 ? wanted : request.output_slots(),
        .output_slot_bytes = request.output_slot_bytes()};
    if (slots.input_slot_bytes < frame.size_bytes()) {
        return wrong("input slots of", std::to_string(slots.input_slot_bytes) + " bytes",
                     frame.to_string() + " needs " + std::to_string(frame.size_bytes()));
    }
    if (slots.output_slot_bytes == 0) {
        slots.output_slot_bytes = default_output_slot_bytes(frame);
    }
    return ivshmem::SessionLayout::make(slots);
}

Result<void> check_version(const v1::VersionRange& guest) {
    if (guest.oldest_major() > ivshmem::kVersionMajor ||
        guest.newest_major() < ivshmem::kVersionMajor) {
        return make_error(Errc::unsupported,
                          "the guest speaks wire formats " + std::to_string(guest.oldest_major()) +
                              " to " + std::to_string(guest.newest_major()) +
                              ", this service speaks " + std::to_string(ivshmem::kVersionMajor) +
                              "; update the older one");
    }
    return {};
}

}  // namespace

std::uint64_t SessionPlan::pixels_per_second() const {
    return std::uint64_t{params.width_px} * params.height_px * params.fps_num / params.fps_den;
}

Result<SessionPlan> plan_session(const v1::CreateRequest& request) {
    MRDA_TRY(check_version(request.wire()));
    MRDA_ASSIGN(EncodeParams params, params_of(request.encode()));
    MRDA_ASSIGN(FrameLayout frame, frame_of(request.encode().drm_fourcc(), params));
    MRDA_ASSIGN(const ivshmem::SessionLayout layout, layout_of(request, params, frame));
    SessionPlan plan{std::move(params), std::move(frame), layout, {}};
    if (request.input_slot_bytes() != 0 &&
        layout.input_slot_bytes() != request.input_slot_bytes()) {
        plan.notices.push_back(
            "slots of " + std::to_string(request.input_slot_bytes()) +
            " bytes were rounded up to whole pages: " + std::to_string(layout.input_slot_bytes()));
    }
    return plan;
}

}  // namespace mrda::service
