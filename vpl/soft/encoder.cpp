// SPDX-License-Identifier: MIT
#include "encoder.h"

#include <algorithm>
#include <thread>

namespace mrda::vpl::soft {

namespace {

constexpr std::array<mfxU16, 5> kAvcProfiles = {MFX_PROFILE_AVC_HIGH, MFX_PROFILE_AVC_MAIN,
                                                MFX_PROFILE_AVC_CONSTRAINED_BASELINE,
                                                MFX_PROFILE_AVC_BASELINE, MFX_PROFILE_AVC_HIGH10};
constexpr std::array<mfxU16, 2> kHevcProfiles = {MFX_PROFILE_HEVC_MAIN, MFX_PROFILE_HEVC_MAIN10};
constexpr std::array<mfxU16, 1> kAv1Profiles = {MFX_PROFILE_AV1_MAIN};

constexpr std::array<Codec, 3> kCodecs = {{
    {.id = MFX_CODEC_AVC,
     .profiles = kAvcProfiles,
     .profile_10bit = MFX_PROFILE_AVC_HIGH10,
     .max_level = MFX_LEVEL_AVC_62,
     .max_qp = 51,
     .min_size_px = 16,
     .max_size_px = 8192,
     .max_ref_distance = 17,
     .takes_nv12 = true,
     .takes_msb_samples = false,
     .forces_idr = true,
     .open = open_x264},
    {.id = MFX_CODEC_HEVC,
     .profiles = kHevcProfiles,
     .profile_10bit = MFX_PROFILE_HEVC_MAIN10,
     .max_level = MFX_LEVEL_HEVC_62,
     .max_qp = 51,
     .min_size_px = 32,
     .max_size_px = 8192,
     .max_ref_distance = 17,
     .takes_nv12 = false,
     .takes_msb_samples = true,
     .forces_idr = true,
     .open = open_x265},
    {.id = MFX_CODEC_AV1,
     .profiles = kAv1Profiles,
     .profile_10bit = MFX_PROFILE_AV1_MAIN,
     .max_level = MFX_LEVEL_AV1_63,
     .max_qp = 255,
     .min_size_px = 64,
     .max_size_px = 8192,
     .max_ref_distance = 16,
     .takes_nv12 = false,
     .takes_msb_samples = false,
     .forces_idr = false,
     .open = open_svtav1},
}};

}  // namespace

std::span<const Codec> codecs() {
    return kCodecs;
}

const Codec* find_codec(mfxU32 id) {
    const auto* found =
        std::find_if(kCodecs.begin(), kCodecs.end(), [id](const Codec& c) { return c.id == id; });
    return found != kCodecs.end() ? found : nullptr;
}

int reorder_frames(const EncoderConfig& config) {
    // SVT-AV1 hands out whole temporal units, which are in display order.
    if (config.codec == MFX_CODEC_AV1 || config.ref_distance <= 1) {
        return 0;
    }
    return config.b_pyramid ? 2 : 1;
}

bool takes_frame_qp(const EncoderConfig& config, int qp) {
    const int max_qp = find_codec(config.codec)->max_qp;
    if (config.codec != MFX_CODEC_AVC) {
        return qp <= max_qp;
    }
    // x264 clips to a step beyond the QPs it was opened with; open_x264() raises the unused one of
    // the B frames.
    const RateControl& rate = config.rate;
    const bool has_b_frames = config.ref_distance > 1;
    const int lowest = std::min(rate.qp_i, rate.qp_p);
    const int highest = std::max(rate.qp_i, rate.qp_p);
    return qp >= (has_b_frames ? std::min(lowest, rate.qp_b) : lowest) - 1 &&
           qp <= (has_b_frames ? std::min(std::max(highest, rate.qp_b) + 1, max_qp) : max_qp);
}

int frame_threads(const EncoderConfig& config) {
    const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    // One and a half per core is what x264 takes by itself.
    return std::clamp(config.async_depth, 1, std::max(1, cores * 3 / 2));
}

int max_delay_frames(const EncoderConfig& config) {
    const int threads = frame_threads(config);
    const int b_frames = config.ref_distance - 1;
    if (config.codec == MFX_CODEC_AV1) {
        // Measured (SVT-AV1 1.4.1): low delay holds one frame back; random access up to two
        // mini-GOPs.
        return b_frames == 0 ? 1 : 2 * config.ref_distance + 2;
    }
    if (config.codec == MFX_CODEC_HEVC) {
        // Measured (x265 3.5): a full lookahead, the mini-GOP being decided, and the frame threads.
        const int in_threads = threads > 1 || b_frames > 0 ? threads + 1 : 0;
        return b_frames == 0 ? in_threads : 2 * (b_frames + 1) + in_threads;
    }
    return b_frames + threads - 1;
}

}  // namespace mrda::vpl::soft
