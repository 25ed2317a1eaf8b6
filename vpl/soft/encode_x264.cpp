// SPDX-License-Identifier: MIT
// AVC by x264. For CQP 22, AsyncDepth 4, TargetUsage 4, GopPicSize 250 this opens what ffmpeg opens
// with
//   -c:v libx264 -preset veryfast -x264-params qp=22:ipratio=1:pbratio=1:keyint=250:min-keyint=1:
//     scenecut=0:bframes=0:b-adapt=0:rc-lookahead=0:sync-lookahead=0:mbtree=0:force-cfr=1:
//     threads=<min(4, 1.5 x cores)>
// and for AsyncDepth 1 sliced-threads=1 instead of threads.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

// x264.h wants stdint before it.
#include <x264.h>

#include "encoder.h"
#include "mrda/interop/owned.h"

namespace mrda::vpl::soft {

namespace {

struct X264Policy {
    using Handle = x264_t*;
    static Handle null() { return nullptr; }
    static void close(Handle handle) { x264_encoder_close(handle); }
};

// TargetUsage 1 (best quality) to 7 (best speed).
constexpr std::array<const char*, 7> kPresets = {"slow",      "medium",    "faster",   "veryfast",
                                                 "superfast", "superfast", "ultrafast"};

constexpr int kMaxQp = 51;

const char* profile_name(int profile) {
    switch (profile) {
        case MFX_PROFILE_AVC_BASELINE:
        case MFX_PROFILE_AVC_CONSTRAINED_BASELINE:
            return "baseline";
        case MFX_PROFILE_AVC_MAIN:
            return "main";
        case MFX_PROFILE_AVC_HIGH10:
            return "high10";
        default:
            return "high";
    }
}

// x264 takes the P frames' QP and derives the others as qp - 6*log2(ratio).
float qp_ratio(int steps) {
    return std::exp2(static_cast<float>(steps) / 6.0F);
}

void set_rate_control(const EncoderConfig& config, x264_param_t& param) {
    const RateControl& rate = config.rate;
    if (rate.mode == RateMode::cqp) {
        param.rc.i_rc_method = X264_RC_CQP;
        param.rc.i_qp_constant = rate.qp_p;
        param.rc.f_ip_factor = qp_ratio(rate.qp_p - rate.qp_i);
        // x264 clips a frame's own QP to the range of these three; without B frames theirs opens
        // it.
        const int qp_b = config.ref_distance > 1 ? rate.qp_b : kMaxQp;
        param.rc.f_pb_factor = qp_ratio(qp_b - rate.qp_p);
    } else {
        param.rc.i_rc_method = X264_RC_ABR;
        param.rc.i_bitrate = static_cast<int>(rate.target_kbps);
        param.rc.i_vbv_max_bitrate = static_cast<int>(rate.max_kbps);
        param.rc.i_vbv_buffer_size = static_cast<int>(rate.vbv_kbit);
        if (rate.vbv_initial_kbit > 1) {
            param.rc.f_vbv_buffer_init = static_cast<float>(rate.vbv_initial_kbit);
        }
    }
    if (rate.qp_min > 0) {
        param.rc.i_qp_min = rate.qp_min;
    }
    if (rate.qp_max > 0) {
        param.rc.i_qp_max = rate.qp_max;
    }
}

void set_gop(const EncoderConfig& config, x264_param_t& param) {
    const bool all_intra_is_idr = config.intra_period_frames == config.idr_period_frames;
    param.i_keyint_max = all_intra_is_idr && config.idr_period_frames > 0
                             ? config.idr_period_frames
                             : X264_KEYINT_MAX_INFINITE;
    // An I frame that comes later than this becomes an IDR frame.
    param.i_keyint_min = all_intra_is_idr ? 1 : X264_KEYINT_MAX_INFINITE;
    param.i_scenecut_threshold = 0;
    param.b_open_gop = 0;
    param.i_bframe = config.ref_distance - 1;
    param.i_bframe_adaptive = X264_B_ADAPT_NONE;
    param.i_bframe_pyramid = config.b_pyramid ? X264_B_PYRAMID_NORMAL : X264_B_PYRAMID_NONE;
    param.rc.i_lookahead = 0;
    param.i_sync_lookahead = 0;
    param.rc.b_mb_tree = 0;
    if (config.references > 0) {
        param.i_frame_reference = config.references;
    }
}

void set_stream(const EncoderConfig& config, x264_param_t& param) {
    param.i_width = config.width_px;
    param.i_height = config.height_px;
    param.i_csp = X264_CSP_NV12;
    param.i_bitdepth = config.bit_depth;
    param.i_fps_num = config.frame_rate_num;
    param.i_fps_den = config.frame_rate_den;
    param.i_timebase_num = config.frame_rate_den;
    param.i_timebase_den = config.frame_rate_num;
    param.b_vfr_input = 0;
    param.b_repeat_headers = 1;
    param.b_annexb = 1;
    param.b_aud = config.access_unit_delimiter ? 1 : 0;
    param.b_cabac = config.cavlc ? 0 : param.b_cabac;
    if (!config.deblocking) {
        param.b_deblocking_filter = 0;
    }
    if (config.level > 0) {
        param.i_level_idc = config.level;
    }
    param.vui.i_sar_width = config.aspect_width;
    param.vui.i_sar_height = config.aspect_height;
    if (config.colour.present) {
        param.vui.b_fullrange = config.colour.full_range ? 1 : 0;
        param.vui.i_colorprim = config.colour.primaries;
        param.vui.i_transfer = config.colour.transfer;
        param.vui.i_colmatrix = config.colour.matrix;
    }
}

void set_threads(const EncoderConfig& config, x264_param_t& param) {
    if (config.async_depth > 1) {
        param.i_threads = frame_threads(config);
        param.b_sliced_threads = 0;
    } else {
        param.i_threads = X264_THREADS_AUTO;
        param.b_sliced_threads = 1;
    }
    if (config.slices > 0) {
        param.i_slice_count = config.slices;
    }
}

mfxU16 frame_type_of(const x264_picture_t& picture) {
    switch (picture.i_type) {
        case X264_TYPE_IDR:
            return MFX_FRAMETYPE_I | MFX_FRAMETYPE_IDR | MFX_FRAMETYPE_REF;
        case X264_TYPE_I:
            return MFX_FRAMETYPE_I | MFX_FRAMETYPE_REF;
        case X264_TYPE_BREF:
            return MFX_FRAMETYPE_B | MFX_FRAMETYPE_REF;
        case X264_TYPE_B:
            return MFX_FRAMETYPE_B;
        default:
            return MFX_FRAMETYPE_P | MFX_FRAMETYPE_REF;
    }
}

class X264Encoder final : public Encoder {
  public:
    X264Encoder(Owned<X264Policy> encoder, int bit_depth, PacketSink& sink)
        : encoder_(std::move(encoder)), bit_depth_(bit_depth), sink_(sink) {
        x264_param_t param;
        x264_encoder_parameters(encoder_.get(), &param);
        level_ = param.i_level_idc;
        delay_frames_ = x264_encoder_maximum_delayed_frames(encoder_.get());
        read_headers();
    }

    bool encode(const Picture& picture) override {
        x264_picture_t in;
        x264_picture_init(&in);
        in.img.i_csp = picture.layout == PictureLayout::nv12 ? X264_CSP_NV12 : X264_CSP_I420;
        if (bit_depth_ > 8) {
            in.img.i_csp |= X264_CSP_HIGH_DEPTH;
        }
        in.img.i_plane = picture.layout == PictureLayout::nv12 ? 2 : 3;
        for (std::size_t i = 0; i < picture.planes.size(); ++i) {
            // x264 reads through these and never writes; its struct just lacks the const.
            in.img.plane[i] = const_cast<std::uint8_t*>(picture.planes[i]);
            in.img.i_stride[i] = picture.pitch_bytes[i];
        }
        in.i_pts = picture.index;
        if (picture.kind != PictureKind::automatic) {
            in.i_type = picture.kind == PictureKind::idr ? X264_TYPE_IDR : X264_TYPE_I;
        }
        if (picture.qp >= 0) {
            in.i_qpplus1 = picture.qp + 1;
        }
        return run(&in);
    }

    bool flush() override {
        while (x264_encoder_delayed_frames(encoder_.get()) > 0) {
            if (!run(nullptr)) {
                return false;
            }
        }
        return true;
    }

    const StreamHeaders& headers() const override { return headers_; }
    int delay_frames() const override { return delay_frames_; }
    int level() const override { return level_; }

  private:
    bool run(x264_picture_t* in) {
        x264_nal_t* nals = nullptr;
        int nal_count = 0;
        x264_picture_t out;
        const int size = x264_encoder_encode(encoder_.get(), &nals, &nal_count, in, &out);
        if (in != nullptr) {
            sink_.picture_taken();
        }
        if (size > 0) {
            // The payloads of all NAL units of one frame are contiguous.
            sink_.deliver({.data = {nals[0].p_payload, static_cast<std::size_t>(size)},
                           .index = out.i_pts,
                           .frame_type = frame_type_of(out)});
        }
        return size >= 0;
    }

    void read_headers() {
        x264_nal_t* nals = nullptr;
        int nal_count = 0;
        if (x264_encoder_headers(encoder_.get(), &nals, &nal_count) < 0) {
            return;
        }
        for (int i = 0; i < nal_count; ++i) {
            const std::uint8_t* begin = nals[i].p_payload;
            if (nals[i].i_type == NAL_SPS) {
                headers_.sps.assign(begin, begin + nals[i].i_payload);
            } else if (nals[i].i_type == NAL_PPS) {
                headers_.pps.assign(begin, begin + nals[i].i_payload);
            }
        }
    }

    Owned<X264Policy> encoder_;
    int bit_depth_;
    PacketSink& sink_;
    StreamHeaders headers_;
    int delay_frames_ = 0;
    int level_ = 0;
};

}  // namespace

std::unique_ptr<Encoder> open_x264(const EncoderConfig& config, PacketSink& sink) {
    x264_param_t param;
    const char* preset = kPresets[static_cast<std::size_t>(config.target_usage - 1)];
    if (x264_param_default_preset(&param, preset, nullptr) < 0) {
        return nullptr;
    }
    param.i_log_level = X264_LOG_NONE;
    set_stream(config, param);
    set_gop(config, param);
    set_rate_control(config, param);
    set_threads(config, param);
    if (x264_param_apply_profile(&param, profile_name(config.profile)) < 0) {
        return nullptr;
    }
    Owned<X264Policy> encoder(x264_encoder_open(&param));
    if (!encoder) {
        return nullptr;
    }
    return std::make_unique<X264Encoder>(std::move(encoder), config.bit_depth, sink);
}

}  // namespace mrda::vpl::soft
