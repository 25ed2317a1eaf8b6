// SPDX-License-Identifier: MIT
#include "request.h"

#include <string>
#include <utility>

#include "mrda/interop/frame_layout.h"
#include "mrda/ivshmem/session_layout.h"
#include "mrda/ivshmem/wire_format.h"

namespace mrda::guest::core {

namespace {

Error wrong(const char* field, const std::string& value, const std::string& wanted) {
    return make_error(Errc::invalid_argument,
                      std::string("config.") + field + " = " + value + ": wanted is " + wanted);
}

Result<void> check_range(const char* field, std::uint64_t value, std::uint64_t least,
                         std::uint64_t most) {
    if (value < least || value > most) {
        return wrong(field, std::to_string(value),
                     std::to_string(least) + " to " + std::to_string(most));
    }
    return {};
}

/// What no service can do; what this one cannot, it says itself.
Result<void> check(const mrda_guest_config& config) {
    MRDA_TRY(check_range("codec", config.codec, MRDA_GUEST_AVC, MRDA_GUEST_VP9));
    MRDA_TRY(check_range("width_px", config.width_px, 1, kMaxDimensionPx));
    MRDA_TRY(check_range("height_px", config.height_px, 1, kMaxDimensionPx));
    auto picture = FrameLayout::linear(config.drm_fourcc, config.width_px, config.height_px);
    if (!picture.ok()) {
        Error error = std::move(picture).error();
        error.message = "config.drm_fourcc, width_px, height_px: " + error.message;
        return error;
    }
    constexpr std::uint64_t kMost = 1'000'000;
    MRDA_TRY(check_range("fps_num", config.fps_num, 1, kMost));
    MRDA_TRY(check_range("fps_den", config.fps_den, 1, kMost));
    MRDA_TRY(check_range("vbr", config.vbr, 0, 1));
    if (config.vbr != 0) {
        MRDA_TRY(check_range("bitrate_kbps", config.bitrate_kbps, 1, kMost));
    }
    const std::string_view wake = config.wake == nullptr ? "" : config.wake;
    if (!wake.empty() && wake != "interrupt" && wake != "stream" && wake != "polling") {
        return wrong("wake", std::string(wake), "interrupt, stream or polling, or NULL");
    }
    MRDA_TRY(check_range("survive_removal", config.survive_removal, 0, 1));
    MRDA_TRY(check_range("qp", config.qp, 0, 255));
    MRDA_TRY(check_range("gop_size", config.gop_size, 1, 65'535));
    MRDA_TRY(check_range("gop_ref_dist", config.gop_ref_dist, 1, 16));
    MRDA_TRY(check_range("num_ref_frames", config.num_ref_frames, 1, 16));
    MRDA_TRY(check_range("target_usage", config.target_usage, 1, 7));
    MRDA_TRY(check_range("async_depth", config.async_depth, 1, 64));
    MRDA_TRY(check_range("input_slots", config.input_slots, 0, ivshmem::kMaxSlots));
    MRDA_TRY(check_range("output_slots", config.output_slots, 0, ivshmem::kMaxSlots));
    MRDA_TRY(check_range("input_slot_bytes", config.input_slot_bytes, 0, ivshmem::kMaxSlotBytes));
    return check_range("output_slot_bytes", config.output_slot_bytes, 0, ivshmem::kMaxSlotBytes);
}

std::string text(const char* value) {
    return value == nullptr ? std::string() : std::string(value);
}

v1::CreateRequest request_of(const mrda_guest_config& config) {
    v1::CreateRequest request;
    request.mutable_wire()->set_oldest_major(ivshmem::kVersionMajor);
    request.mutable_wire()->set_newest_major(ivshmem::kVersionMajor);
    v1::EncodeConfig& encode = *request.mutable_encode();
    encode.set_codec(static_cast<v1::Codec>(config.codec));
    encode.set_profile(text(config.profile));
    encode.set_plugin(text(config.plugin));
    encode.set_drm_fourcc(config.drm_fourcc);
    encode.set_width_px(config.width_px);
    encode.set_height_px(config.height_px);
    encode.set_fps_num(config.fps_num);
    encode.set_fps_den(config.fps_den);
    encode.set_rate_control(config.vbr != 0 ? v1::RATE_CONTROL_VBR : v1::RATE_CONTROL_CQP);
    encode.set_qp(config.qp);
    encode.set_bitrate_kbps(config.bitrate_kbps);
    encode.set_gop_size(config.gop_size);
    encode.set_gop_ref_dist(config.gop_ref_dist);
    encode.set_num_ref_frames(config.num_ref_frames);
    encode.set_target_usage(config.target_usage);
    encode.set_async_depth(config.async_depth);
    request.set_input_slots(config.input_slots);
    request.set_input_slot_bytes(config.input_slot_bytes);
    request.set_output_slots(config.output_slots);
    request.set_output_slot_bytes(config.output_slot_bytes);
    return request;
}

}  // namespace

Result<Parameters> parameters_of(const mrda_guest_config& config) {
    if (config.size_bytes != sizeof(mrda_guest_config)) {
        return wrong("size_bytes", std::to_string(config.size_bytes),
                     std::to_string(sizeof(mrda_guest_config)) +
                         ", as mrda_guest_config_init of this library's version sets it");
    }
    MRDA_TRY(check(config));
    Parameters parameters{
        .request = request_of(config),
        .address = text(config.address),
        .token = Token::from(text(config.token_file)),
        .tls = TlsFiles{text(config.tls_ca_file), text(config.tls_certificate_file),
                        text(config.tls_key_file)},
        .connect_timeout_ns = config.connect_timeout_ns,
        .reattach_timeout_ns = config.reattach_timeout_ns};
    if (parameters.address.empty()) {
        MRDA_ASSIGN(parameters.address, default_address());
    }
    const std::string in_path = text(config.in_device_path);
    const std::string out_path = text(config.out_device_path);
    MRDA_ASSIGN(parameters.reach,
                reach_of(in_path, out_path, text(config.wake), parameters.address));
    parameters.reach.survive_removal = config.survive_removal != 0;
    if (!parameters.reach.by_device) {
        parameters.request.set_in_device_path(in_path);
        parameters.request.set_out_device_path(out_path);
    }
    // A service's unix socket speaks no TLS: the folder that it is in says who may use it.
    if (parameters.address.rfind("unix:", 0) != 0) {
        parameters.tls = parameters.tls.or_environment();
    } else if (!parameters.tls.empty()) {
        return wrong("tls_ca_file, tls_certificate_file, tls_key_file", "files",
                     "none where the address is a unix socket");
    }
    return parameters;
}

}  // namespace mrda::guest::core
