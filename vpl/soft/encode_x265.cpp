// SPDX-License-Identifier: MIT
// HEVC by x265. For CQP 22, AsyncDepth 4, TargetUsage 4, GopPicSize 250 this opens what ffmpeg
// opens with
//   -c:v libx265 -preset faster -x265-params qp=22:ipratio=1:pbratio=1:keyint=250:min-keyint=1:
//     scenecut=0:bframes=0:b-adapt=0:b-pyramid=0:rc-lookahead=0:cutree=0:open-gop=0:info=0:
//     lookahead-slices=0:frame-threads=<min(4, 1.5 x cores)>
#include <x265.h>

#include <array>
#include <cmath>
#include <limits>

#include "encoder.h"
#include "mrda/interop/owned.h"

namespace mrda::vpl::soft {

namespace {

// TargetUsage 1 (best quality) to 7 (best speed).
constexpr std::array<const char*, 7> kPresets = {"slow",     "medium",    "fast",     "faster",
                                                 "veryfast", "superfast", "ultrafast"};

// The library holds one build per bit depth, each with its own functions.
class X265Handle {
  public:
    X265Handle(const x265_api* api, x265_encoder* encoder) : api_(api), encoder_(encoder) {}
    X265Handle(const X265Handle&) = delete;
    X265Handle& operator=(const X265Handle&) = delete;
    ~X265Handle() { api_->encoder_close(encoder_); }

    const x265_api& api() const { return *api_; }
    x265_encoder* get() const { return encoder_; }

  private:
    const x265_api* api_;
    x265_encoder* encoder_;
};

struct ParamDeleter {
    const x265_api* api;
    void operator()(x265_param* param) const { api->param_free(param); }
};
using ParamPtr = std::unique_ptr<x265_param, ParamDeleter>;

double qp_ratio(int steps) {
    return std::exp2(static_cast<double>(steps) / 6.0);
}

void set_rate_control(const RateControl& rate, x265_param& param) {
    if (rate.mode == RateMode::cqp) {
        param.rc.rateControlMode = X265_RC_CQP;
        param.rc.qp = rate.qp_p;
        param.rc.ipFactor = qp_ratio(rate.qp_p - rate.qp_i);
        param.rc.pbFactor = qp_ratio(rate.qp_b - rate.qp_p);
    } else {
        param.rc.rateControlMode = X265_RC_ABR;
        param.rc.bitrate = static_cast<int>(rate.target_kbps);
        param.rc.vbvMaxBitrate = static_cast<int>(rate.max_kbps);
        param.rc.vbvBufferSize = static_cast<int>(rate.vbv_kbit);
        if (rate.vbv_initial_kbit > 1) {
            param.rc.vbvBufferInit = static_cast<double>(rate.vbv_initial_kbit);
        }
    }
    if (rate.qp_min > 0) {
        param.rc.qpMin = rate.qp_min;
    }
    if (rate.qp_max > 0) {
        param.rc.qpMax = rate.qp_max;
    }
}

void set_gop(const EncoderConfig& config, x265_param& param) {
    const bool all_intra_is_idr = config.intra_period_frames == config.idr_period_frames;
    param.keyframeMax =
        all_intra_is_idr && config.idr_period_frames > 0 ? config.idr_period_frames : -1;
    // An I frame that comes later than this becomes an IDR frame.
    param.keyframeMin = all_intra_is_idr ? 1 : std::numeric_limits<int>::max() / 2;
    param.scenecutThreshold = 0;
    param.bOpenGOP = 0;
    param.bframes = config.ref_distance - 1;
    param.bFrameAdaptive = X265_B_ADAPT_NONE;
    param.bBPyramid = config.b_pyramid ? 1 : 0;
    // x265 refuses a lookahead that is not longer than a mini-GOP.
    param.lookaheadDepth = param.bframes > 0 ? param.bframes + 1 : 0;
    param.lookaheadSlices = 0;
    param.rc.cuTree = 0;
    if (config.references > 0) {
        param.maxNumReferences = config.references;
    }
}

void set_colour(const EncoderConfig& config, x265_param& param) {
    if (config.aspect_width != 1 || config.aspect_height != 1) {
        param.vui.aspectRatioIdc = X265_EXTENDED_SAR;
        param.vui.sarWidth = config.aspect_width;
        param.vui.sarHeight = config.aspect_height;
    }
    if (config.colour.present) {
        param.vui.bEnableVideoSignalTypePresentFlag = 1;
        param.vui.bEnableVideoFullRangeFlag = config.colour.full_range ? 1 : 0;
        param.vui.bEnableColorDescriptionPresentFlag = 1;
        param.vui.colorPrimaries = config.colour.primaries;
        param.vui.transferCharacteristics = config.colour.transfer;
        param.vui.matrixCoeffs = config.colour.matrix;
    }
}

void set_stream(const EncoderConfig& config, x265_param& param) {
    param.sourceWidth = config.width_px;
    param.sourceHeight = config.height_px;
    param.internalCsp = X265_CSP_I420;
    param.internalBitDepth = config.bit_depth;
    param.fpsNum = config.frame_rate_num;
    param.fpsDenom = config.frame_rate_den;
    param.bRepeatHeaders = 1;
    param.bAnnexB = 1;
    param.bEmitInfoSEI = 0;
    param.bEnableAccessUnitDelimiters = config.access_unit_delimiter ? 1 : 0;
    param.bEnableLoopFilter = config.deblocking ? 1 : 0;
    param.levelIdc = config.level;
    param.frameNumThreads = frame_threads(config);
    if (config.slices > 0) {
        param.maxSlices = static_cast<unsigned>(config.slices);
    }
}

mfxU16 frame_type_of(const x265_picture& picture) {
    switch (picture.sliceType) {
        case X265_TYPE_IDR:
            return MFX_FRAMETYPE_I | MFX_FRAMETYPE_IDR | MFX_FRAMETYPE_REF;
        case X265_TYPE_I:
            return MFX_FRAMETYPE_I | MFX_FRAMETYPE_REF;
        case X265_TYPE_BREF:
            return MFX_FRAMETYPE_B | MFX_FRAMETYPE_REF;
        case X265_TYPE_B:
            return MFX_FRAMETYPE_B;
        default:
            return MFX_FRAMETYPE_P | MFX_FRAMETYPE_REF;
    }
}

class X265Encoder final : public Encoder {
  public:
    X265Encoder(const x265_api* api, x265_encoder* encoder, ParamPtr param,
                const EncoderConfig& config, PacketSink& sink)
        : param_(std::move(param)),
          encoder_(api, encoder),
          // x265 shifts samples down to its own depth as it reads.
          sample_bits_(config.msb_samples ? 16 : config.bit_depth),
          delay_frames_(max_delay_frames(config)),
          sink_(sink) {
        x265_param used;
        api->encoder_parameters(encoder_.get(), &used);
        level_ = used.levelIdc;
        read_headers();
    }

    bool encode(const Picture& picture) override {
        x265_picture in;
        encoder_.api().picture_init(param_.get(), &in);
        for (std::size_t i = 0; i < picture.planes.size(); ++i) {
            // x265 reads through these and never writes; its struct just lacks the const.
            in.planes[i] = const_cast<std::uint8_t*>(picture.planes[i]);
            in.stride[i] = picture.pitch_bytes[i];
        }
        in.bitDepth = sample_bits_;
        in.colorSpace = X265_CSP_I420;
        in.pts = picture.index;
        if (picture.kind != PictureKind::automatic) {
            in.sliceType = picture.kind == PictureKind::idr ? X265_TYPE_IDR : X265_TYPE_I;
        }
        if (picture.qp >= 0) {
            in.forceqp = picture.qp + 1;
        }
        return run(&in) >= 0;
    }

    bool flush() override {
        int frames = 0;
        do {
            frames = run(nullptr);
        } while (frames > 0);
        return frames == 0;
    }

    const StreamHeaders& headers() const override { return headers_; }
    int delay_frames() const override { return delay_frames_; }
    int level() const override { return level_; }

  private:
    int run(x265_picture* in) {
        x265_nal* nals = nullptr;
        std::uint32_t nal_count = 0;
        x265_picture out;
        const int frames =
            encoder_.api().encoder_encode(encoder_.get(), &nals, &nal_count, in, &out);
        if (in != nullptr) {
            sink_.picture_taken();
        }
        if (frames > 0 && nal_count > 0) {
            // The payloads of all NAL units of one frame are contiguous.
            const x265_nal& last = nals[nal_count - 1];
            const std::uint8_t* end = last.payload + last.sizeBytes;
            sink_.deliver({.data = {nals[0].payload, end},
                           .index = out.pts,
                           .frame_type = frame_type_of(out)});
        }
        return frames;
    }

    void read_headers() {
        x265_nal* nals = nullptr;
        std::uint32_t nal_count = 0;
        if (encoder_.api().encoder_headers(encoder_.get(), &nals, &nal_count) < 0) {
            return;
        }
        for (std::uint32_t i = 0; i < nal_count; ++i) {
            const std::uint8_t* begin = nals[i].payload;
            const std::uint8_t* end = begin + nals[i].sizeBytes;
            switch (nals[i].type) {
                case NAL_UNIT_VPS:
                    headers_.vps.assign(begin, end);
                    break;
                case NAL_UNIT_SPS:
                    headers_.sps.assign(begin, end);
                    break;
                case NAL_UNIT_PPS:
                    headers_.pps.assign(begin, end);
                    break;
                default:
                    break;
            }
        }
    }

    ParamPtr param_;
    X265Handle encoder_;
    int sample_bits_;
    int delay_frames_;
    PacketSink& sink_;
    StreamHeaders headers_;
    int level_ = 0;
};

}  // namespace

std::unique_ptr<Encoder> open_x265(const EncoderConfig& config, PacketSink& sink) {
    const x265_api* api = x265_api_get(config.bit_depth);
    if (api == nullptr) {
        return nullptr;
    }
    ParamPtr param(api->param_alloc(), ParamDeleter{api});
    const char* preset = kPresets[static_cast<std::size_t>(config.target_usage - 1)];
    if (!param || api->param_default_preset(param.get(), preset, nullptr) < 0) {
        return nullptr;
    }
    param->logLevel = X265_LOG_NONE;
    set_stream(config, *param);
    set_colour(config, *param);
    set_gop(config, *param);
    set_rate_control(config.rate, *param);
    if (api->param_apply_profile(param.get(), config.bit_depth > 8 ? "main10" : "main") < 0) {
        return nullptr;
    }
    x265_encoder* encoder = api->encoder_open(param.get());
    if (encoder == nullptr) {
        return nullptr;
    }
    return std::make_unique<X265Encoder>(api, encoder, std::move(param), config, sink);
}

}  // namespace mrda::vpl::soft
