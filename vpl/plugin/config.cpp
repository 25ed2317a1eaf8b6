// SPDX-License-Identifier: MIT
#include "config.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "mrda/media/layout.h"
#include "mrda/media/parameters.h"

namespace mrda::vpl::plugin {

namespace {

struct ProfileRow {
    Codec codec;
    std::string_view name;
    std::uint16_t number;
};
constexpr std::array kProfiles{
    ProfileRow{Codec::avc, "main", MFX_PROFILE_AVC_MAIN},
    ProfileRow{Codec::avc, "high", MFX_PROFILE_AVC_HIGH},
    ProfileRow{Codec::hevc, "main", MFX_PROFILE_HEVC_MAIN},
    ProfileRow{Codec::hevc, "main10", MFX_PROFILE_HEVC_MAIN10},
    ProfileRow{Codec::av1, "main", MFX_PROFILE_AV1_MAIN},
};

std::string text_of(std::span<const char> field) {
    return {field.data(), ::strnlen(field.data(), field.size())};
}

Result<std::uint16_t> profile_of(Codec codec, const std::string& name) {
    if (name.empty()) {
        return std::uint16_t{0};
    }
    std::string known;
    for (const ProfileRow& row : kProfiles) {
        if (row.codec == codec && row.name == name) {
            return row.number;
        }
        if (row.codec == codec) {
            known += (known.empty() ? "" : ", ") + std::string(row.name);
        }
    }
    return make_error(Errc::unsupported, "profile \"" + name + "\" asked of " +
                                             std::string(to_string(codec)) + ", which has " +
                                             known);
}

Result<RateControl> rate_control_of(std::uint32_t number) {
    switch (number) {
        case MRDA_RATE_CQP:
            return RateControl::cqp;
        case MRDA_RATE_VBR:
            return RateControl::vbr;
        case MRDA_RATE_CBR:
            return RateControl::cbr;
        default:
            return make_error(Errc::unsupported,
                              "rate control " + std::to_string(number) + " is none of oneVPL's");
    }
}

Result<void> narrow(const char* name, std::uint32_t value, std::uint16_t& out) {
    if (value > std::numeric_limits<std::uint16_t>::max()) {
        return make_error(Errc::invalid_argument,
                          std::string(name) + " " + std::to_string(value) + " is beyond 65535");
    }
    out = static_cast<std::uint16_t>(value);
    return {};
}

Result<EncoderConfig> encoder_config_of(const mrda_codec_config& config) {
    EncoderConfig wanted;
    MRDA_ASSIGN(wanted.codec, parse_codec(text_of(config.codec)));
    MRDA_ASSIGN(wanted.profile, profile_of(wanted.codec, text_of(config.profile)));
    MRDA_ASSIGN(wanted.rate_control, rate_control_of(config.rate_control));
    wanted.width_px = config.width_px;
    wanted.height_px = config.height_px;
    wanted.fps_num = config.fps_num;
    wanted.fps_den = config.fps_den;
    wanted.bitrate_kbps = config.bitrate_kbps;
    MRDA_TRY(narrow("QP", config.qp, wanted.qp));
    MRDA_TRY(narrow("GOP size", config.gop_size, wanted.gop_size));
    MRDA_TRY(narrow("GOP reference distance", config.gop_ref_dist, wanted.gop_ref_dist));
    MRDA_TRY(narrow("number of reference frames", config.num_ref_frames, wanted.num_ref_frames));
    MRDA_TRY(narrow("target usage", config.target_usage, wanted.target_usage));
    MRDA_TRY(narrow("async depth", config.async_depth, wanted.async_depth));
    return wanted;
}

}  // namespace

Result<Config> read_config(const mrda_session_config& config) {
    MRDA_TRY(media::check_parameters(config, {}));
    const mrda_pool& pool = config.input;
    if (pool.buffer_count == 0) {
        return make_error(Errc::invalid_argument, "no buffers to encode from");
    }
    MRDA_ASSIGN(const EncoderConfig encoder, encoder_config_of(config.codec));
    MRDA_ASSIGN(FrameLayout layout, media::from_media(pool.layout));
    if (!layout.is_linear()) {
        return make_error(Errc::unsupported,
                          layout.to_string() + ": frames in shared memory must be linear");
    }
    return Config{encoder,
                  std::move(layout),
                  {pool.buffers, pool.buffers + pool.buffer_count},
                  text_of(config.device),
                  text_of(config.path)};
}

}  // namespace mrda::vpl::plugin
