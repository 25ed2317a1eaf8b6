// SPDX-License-Identifier: MIT
#include "params.h"

#include <algorithm>
#include <cstring>

#include "ext_buffers.h"

namespace mrda::vpl::soft {

namespace {

constexpr mfxU16 kMaxAsyncDepth = 64;
constexpr mfxU16 kDefaultAsyncDepth = 4;
constexpr mfxU16 kDefaultGopFrames = 250;
constexpr mfxU16 kInfiniteGop = 65535;
constexpr mfxU16 kDefaultTargetUsage = MFX_TARGETUSAGE_BALANCED;
constexpr mfxU16 kMaxReferences = 16;
constexpr mfxU16 kDefaultQp = 26;
constexpr mfxU16 kDefaultAv1Qp = 104;
constexpr mfxU32 kMaxCodedUnits = 65535;

/// A copy of the client's parameters under correction, and what was wrong with them.
class Check {
  public:
    explicit Check(mfxVideoParam& video) : video_(video), codec_(find_codec(video.mfx.CodecId)) {}

    mfxStatus run() {
        if (codec_ == nullptr) {
            refuse(video_.mfx.CodecId);
            return MFX_ERR_UNSUPPORTED;
        }
        check_frame();
        check_size();
        check_profile();
        check_gop();
        check_av1_structure();
        check_rate();
        check_rest();
        return status();
    }

  private:
    template <typename T>
    void refuse(T& field) {
        field = 0;
        unsupported_ = true;
    }
    template <typename T>
    void correct(T& field, T value) {
        corrected_ = corrected_ || field != value;
        field = value;
    }
    template <typename T>
    void limit(T& field, T highest) {
        if (field > highest) {
            correct(field, highest);
        }
    }
    mfxStatus status() const {
        if (unsupported_) {
            return MFX_ERR_UNSUPPORTED;
        }
        return corrected_ ? MFX_WRN_INCOMPATIBLE_VIDEO_PARAM : MFX_ERR_NONE;
    }
    bool deep() const { return video_.mfx.FrameInfo.FourCC == MFX_FOURCC_P010; }

    void check_frame();
    void check_size();
    void check_profile();
    void check_gop();
    void check_av1_structure();
    void check_rate();
    void check_rest();

    mfxVideoParam& video_;
    const Codec* codec_;
    bool unsupported_ = false;
    bool corrected_ = false;
};

void Check::check_frame() {
    mfxFrameInfo& info = video_.mfx.FrameInfo;
    if (info.FourCC != 0 && info.FourCC != MFX_FOURCC_NV12 && info.FourCC != MFX_FOURCC_P010 &&
        info.FourCC != MFX_FOURCC_RGB4) {
        refuse(info.FourCC);
    }
    const bool rgb = info.FourCC == MFX_FOURCC_RGB4;
    const bool chroma_fits = info.ChromaFormat == MFX_CHROMAFORMAT_YUV420 ||
                             (rgb && info.ChromaFormat == MFX_CHROMAFORMAT_YUV444);
    if (info.FourCC != 0 && info.ChromaFormat != 0 && !chroma_fits) {
        refuse(info.ChromaFormat);
    }
    const mfxU16 depth = deep() ? 10 : 8;
    for (auto* field : {&info.BitDepthLuma, &info.BitDepthChroma}) {
        if (info.FourCC != 0 && *field != 0 && *field != depth) {
            refuse(*field);
        }
    }
    if (info.Shift > 1 || (info.Shift == 1 && !deep())) {
        refuse(info.Shift);
    }
    if (deep() && (video_.IOPattern & MFX_IOPATTERN_IN_VIDEO_MEMORY) != 0) {
        correct(info.Shift, mfxU16{1});
    }
    if (info.PicStruct != 0 && info.PicStruct != MFX_PICSTRUCT_PROGRESSIVE) {
        refuse(info.PicStruct);
    }
    if ((info.FrameRateExtN == 0) != (info.FrameRateExtD == 0)) {
        refuse(info.FrameRateExtN);
        refuse(info.FrameRateExtD);
    }
    if ((info.AspectRatioW == 0) != (info.AspectRatioH == 0)) {
        correct(info.AspectRatioW, mfxU16{0});
        correct(info.AspectRatioH, mfxU16{0});
    }
}

void Check::check_size() {
    mfxFrameInfo& info = video_.mfx.FrameInfo;
    for (auto* side : {&info.Width, &info.Height}) {
        if (*side % 16 != 0 || *side > codec_->max_size_px) {
            refuse(*side);
        }
    }
    auto check_crop = [&](mfxU16 whole, mfxU16& offset, mfxU16& size) {
        if (whole == 0) {
            return;
        }
        if (offset % 2 != 0 || offset >= whole) {
            refuse(offset);
        }
        const auto fits = [&](int encoded) {
            return encoded % 2 == 0 && offset + encoded <= whole &&
                   encoded >= static_cast<int>(codec_->min_size_px);
        };
        if (size != 0 && !fits(size)) {
            refuse(size);
        }
        // Without a size, all behind the offset is encoded.
        if (size == 0 && offset != 0 && !fits(whole - offset)) {
            refuse(offset);
        }
    };
    check_crop(info.Width, info.CropX, info.CropW);
    check_crop(info.Height, info.CropY, info.CropH);
}

void Check::check_profile() {
    mfxInfoMFX& mfx = video_.mfx;
    if (mfx.CodecProfile != 0 && std::find(codec_->profiles.begin(), codec_->profiles.end(),
                                           mfx.CodecProfile) == codec_->profiles.end()) {
        refuse(mfx.CodecProfile);
    }
    if (mfx.CodecProfile != 0 && mfx.FrameInfo.FourCC != 0) {
        if (deep()) {
            correct(mfx.CodecProfile, codec_->profile_10bit);
        } else if (mfx.CodecProfile == codec_->profile_10bit) {
            correct(mfx.CodecProfile, codec_->profiles.front());
        }
    }
    if ((mfx.CodecLevel & 0xFF) > codec_->max_level ||
        (mfx.CodecId != MFX_CODEC_HEVC && mfx.CodecLevel > 0xFF)) {
        refuse(mfx.CodecLevel);
    }
}

void Check::check_gop() {
    mfxInfoMFX& mfx = video_.mfx;
    limit(mfx.GopRefDist, codec_->max_ref_distance);
    if (mfx.GopPicSize != 0) {
        limit(mfx.GopRefDist, mfx.GopPicSize);
    }
    const bool baseline =
        mfx.CodecId == MFX_CODEC_AVC && (mfx.CodecProfile & 0xFF) == MFX_PROFILE_AVC_BASELINE;
    if (baseline && mfx.GopRefDist > 1) {
        correct(mfx.GopRefDist, mfxU16{1});
    }
    if ((mfx.GopOptFlag & ~(MFX_GOP_CLOSED | MFX_GOP_STRICT)) != 0) {
        refuse(mfx.GopOptFlag);
    }
    if (mfx.EncodedOrder != 0) {
        refuse(mfx.EncodedOrder);
    }
    limit(mfx.NumRefFrame, kMaxReferences);
    const mfxU16 rows = static_cast<mfxU16>(std::max(1, mfx.FrameInfo.Height / 64));
    if (mfx.FrameInfo.Height != 0) {
        limit(mfx.NumSlice, rows);
    }
}

void Check::check_av1_structure() {
    mfxInfoMFX& mfx = video_.mfx;
    if (mfx.CodecId != MFX_CODEC_AV1) {
        return;
    }
    // SVT-AV1 has CBR only without B frames and VBR only with them, in mini-GOPs of 4, 8 or 16.
    if (mfx.RateControlMethod == MFX_RATECONTROL_CBR && mfx.GopRefDist > 1) {
        correct(mfx.GopRefDist, mfxU16{1});
    } else if (mfx.GopRefDist > 1 ||
               (mfx.RateControlMethod == MFX_RATECONTROL_VBR && mfx.GopRefDist == 1)) {
        mfxU16 distance = 4;
        while (distance < mfx.GopRefDist) {
            distance = static_cast<mfxU16>(distance * 2);
        }
        correct(mfx.GopRefDist, distance);
    }
    correct(mfx.IdrInterval, mfxU16{0});
    correct(mfx.NumRefFrame, mfxU16{0});
    limit(mfx.NumSlice, mfxU16{1});
}

void Check::check_rate() {
    mfxInfoMFX& mfx = video_.mfx;
    switch (mfx.RateControlMethod) {
        case 0:
            break;
        case MFX_RATECONTROL_CQP:
            limit(mfx.QPI, codec_->max_qp);
            limit(mfx.QPP, codec_->max_qp);
            limit(mfx.QPB, codec_->max_qp);
            break;
        case MFX_RATECONTROL_CBR:
            if (mfx.MaxKbps != 0) {
                correct(mfx.MaxKbps, mfx.TargetKbps);
            }
            break;
        case MFX_RATECONTROL_VBR:
            if (mfx.MaxKbps != 0 && mfx.MaxKbps < mfx.TargetKbps) {
                correct(mfx.MaxKbps, mfx.TargetKbps);
            }
            break;
        default:
            refuse(mfx.RateControlMethod);
    }
}

void Check::check_rest() {
    limit(video_.AsyncDepth, kMaxAsyncDepth);
    limit(video_.mfx.TargetUsage, mfxU16{MFX_TARGETUSAGE_BEST_SPEED});
    if (video_.mfx.LowPower == MFX_CODINGOPTION_ON) {
        correct(video_.mfx.LowPower, mfxU16{MFX_CODINGOPTION_OFF});
    }
    if (video_.Protected != 0) {
        refuse(video_.Protected);
    }
    if (video_.IOPattern != 0 && video_.IOPattern != MFX_IOPATTERN_IN_VIDEO_MEMORY &&
        video_.IOPattern != MFX_IOPATTERN_IN_SYSTEM_MEMORY) {
        refuse(video_.IOPattern);
    }
}

mfxStatus worse(mfxStatus a, mfxStatus b) {
    return a < MFX_ERR_NONE || b < MFX_ERR_NONE ? std::min(a, b) : std::max(a, b);
}

void mark_settable(mfxVideoParam& out) {
    const mfxU32 codec = out.mfx.CodecId;
    mfxExtBuffer** buffers = out.ExtParam;
    const mfxU16 buffer_count = out.NumExtParam;
    std::memset(static_cast<void*>(&out), 0, sizeof out);
    out.ExtParam = buffers;
    out.NumExtParam = buffer_count;
    out.AsyncDepth = out.IOPattern = 1;
    mfxInfoMFX& mfx = out.mfx;
    mfx.CodecId = codec;
    mfx.CodecProfile = mfx.CodecLevel = mfx.TargetUsage = 1;
    mfx.GopPicSize = mfx.GopRefDist = mfx.GopOptFlag = 1;
    mfx.RateControlMethod = mfx.InitialDelayInKB = mfx.BufferSizeInKB = 1;
    mfx.TargetKbps = mfx.MaxKbps = mfx.BRCParamMultiplier = 1;
    if (codec != MFX_CODEC_AV1) {
        mfx.IdrInterval = mfx.NumSlice = mfx.NumRefFrame = 1;
    }
    mfxFrameInfo& info = mfx.FrameInfo;
    info.FourCC = info.ChromaFormat = info.Shift = info.BitDepthLuma = info.BitDepthChroma = 1;
    info.Width = info.Height = info.CropX = info.CropY = info.CropW = info.CropH = 1;
    info.FrameRateExtN = info.FrameRateExtD = info.AspectRatioW = info.AspectRatioH = 1;
    info.PicStruct = 1;
}

bool has_what_init_needs(const mfxVideoParam& video) {
    const mfxInfoMFX& mfx = video.mfx;
    const bool has_rate = mfx.RateControlMethod == MFX_RATECONTROL_CQP || mfx.TargetKbps != 0;
    return mfx.FrameInfo.Width != 0 && mfx.FrameInfo.Height != 0 && mfx.FrameInfo.FourCC != 0 &&
           mfx.FrameInfo.FrameRateExtN != 0 && mfx.FrameInfo.FrameRateExtD != 0 &&
           video.IOPattern != 0 && has_rate;
}

void fill_frame_defaults(mfxFrameInfo& info) {
    auto fill = [](mfxU16& field, int value) { field = field != 0 ? field : mfxU16(value); };
    fill(info.CropW, info.Width - info.CropX);
    fill(info.CropH, info.Height - info.CropY);
    fill(info.PicStruct, MFX_PICSTRUCT_PROGRESSIVE);
    fill(info.AspectRatioW, 1);
    fill(info.AspectRatioH, 1);
    const bool deep = info.FourCC == MFX_FOURCC_P010;
    fill(info.BitDepthLuma, deep ? 10 : 8);
    fill(info.BitDepthChroma, deep ? 10 : 8);
    fill(info.ChromaFormat,
         info.FourCC == MFX_FOURCC_RGB4 ? MFX_CHROMAFORMAT_YUV444 : MFX_CHROMAFORMAT_YUV420);
}

void fill_defaults(const Codec& codec, mfxVideoParam& video) {
    auto fill = [](mfxU16& field, int value) { field = field != 0 ? field : mfxU16(value); };
    mfxInfoMFX& mfx = video.mfx;
    fill_frame_defaults(mfx.FrameInfo);
    fill(video.AsyncDepth, kDefaultAsyncDepth);
    fill(mfx.TargetUsage, kDefaultTargetUsage);
    fill(mfx.GopPicSize, kDefaultGopFrames);
    fill(mfx.RateControlMethod, MFX_RATECONTROL_CBR);
    const bool random_access =
        mfx.CodecId == MFX_CODEC_AV1 && mfx.RateControlMethod == MFX_RATECONTROL_VBR;
    fill(mfx.GopRefDist, random_access ? 4 : 1);
    fill(mfx.CodecProfile,
         mfx.FrameInfo.FourCC == MFX_FOURCC_P010 ? codec.profile_10bit : codec.profiles.front());
    fill(mfx.BRCParamMultiplier, 1);
    if (mfx.RateControlMethod == MFX_RATECONTROL_CQP) {
        const int qp = mfx.CodecId == MFX_CODEC_AV1 ? kDefaultAv1Qp : kDefaultQp;
        fill(mfx.QPP, mfx.QPI != 0 ? mfx.QPI : qp);
        fill(mfx.QPI, mfx.QPP);
        fill(mfx.QPB, mfx.QPP);
    } else {
        fill(mfx.MaxKbps, mfx.TargetKbps);
    }
}

RateControl rate_control_of(const mfxInfoMFX& mfx, const ExtOptions& options,
                            std::uint64_t max_frame_bytes) {
    RateControl rate;
    rate.qp_min = options.qp_min;
    rate.qp_max = options.qp_max;
    if (mfx.RateControlMethod == MFX_RATECONTROL_CQP) {
        rate.qp_i = mfx.QPI;
        rate.qp_p = mfx.QPP;
        rate.qp_b = mfx.QPB;
        return rate;
    }
    const mfxU32 unit = mfx.BRCParamMultiplier;
    rate.mode = mfx.RateControlMethod == MFX_RATECONTROL_CBR ? RateMode::cbr : RateMode::vbr;
    rate.target_kbps = mfx.TargetKbps * unit;
    rate.max_kbps = mfx.MaxKbps * unit;
    const std::uint64_t buffer_bytes = std::uint64_t{mfx.BufferSizeInKB} * unit * 1000;
    // A second's worth, unless the client asks for a buffer of its own. One that holds any frame is
    // what GetVideoParam told it to allocate, and no wish for rate control.
    const bool asked = buffer_bytes != 0 && buffer_bytes < max_frame_bytes;
    rate.vbv_kbit = asked ? static_cast<std::uint32_t>(buffer_bytes / 125) : rate.max_kbps;
    rate.vbv_initial_kbit = std::min(mfx.InitialDelayInKB * unit * 8, rate.vbv_kbit);
    return rate;
}

/// BufferSizeInKB as clients must allocate it, with a multiplier that lets every figure fit 16
/// bits.
void fit_buffer_size(std::uint64_t max_frame_bytes, mfxInfoMFX& mfx) {
    const mfxU32 unit = mfx.BRCParamMultiplier;
    const auto needed_kb = static_cast<mfxU32>((max_frame_bytes + 999) / 1000);
    const mfxU32 buffer_kb = std::max(needed_kb, mfx.BufferSizeInKB * unit);
    const mfxU32 new_unit = std::max(unit, (buffer_kb + kMaxCodedUnits - 1) / kMaxCodedUnits);
    auto rescale = [&](mfxU16& field) {
        field = static_cast<mfxU16>((field * unit + new_unit - 1) / new_unit);
    };
    if (new_unit != unit && mfx.RateControlMethod != MFX_RATECONTROL_CQP) {
        rescale(mfx.TargetKbps);
        rescale(mfx.MaxKbps);
        rescale(mfx.InitialDelayInKB);
    }
    mfx.BRCParamMultiplier = static_cast<mfxU16>(new_unit);
    mfx.BufferSizeInKB = static_cast<mfxU16>((buffer_kb + new_unit - 1) / new_unit);
}

void set_gop(const mfxInfoMFX& mfx, EncoderConfig& config) {
    config.intra_period_frames = mfx.GopPicSize == kInfiniteGop ? 0 : mfx.GopPicSize;
    // HEVC counts from "only the first I frame is an IDR frame", the others from "every".
    if (mfx.CodecId == MFX_CODEC_HEVC) {
        config.idr_period_frames = config.intra_period_frames * mfx.IdrInterval;
    } else {
        config.idr_period_frames = config.intra_period_frames * (mfx.IdrInterval + 1);
    }
    config.ref_distance = mfx.GopRefDist;
    config.references = mfx.NumRefFrame;
    config.slices = mfx.NumSlice;
}

void set_colour(const ExtOptions& options, mfxU32 fourcc, EncoderConfig& config) {
    config.colour = options.colour;
    if (fourcc == MFX_FOURCC_RGB4) {
        // The runtime's own conversion is BT.601 (H.273: 6), whatever the client says of its RGB.
        constexpr int kBt601 = 6;
        config.colour.present = true;
        config.colour.matrix = kBt601;
        if (!options.colour.present) {
            config.colour.primaries = config.colour.transfer = 2;
        }
    }
}

EncoderConfig config_of(const mfxVideoParam& video, const ExtOptions& options,
                        std::uint64_t max_frame_bytes) {
    const mfxInfoMFX& mfx = video.mfx;
    const mfxFrameInfo& info = mfx.FrameInfo;
    EncoderConfig config;
    config.codec = mfx.CodecId;
    config.width_px = info.CropW;
    config.height_px = info.CropH;
    config.bit_depth = info.FourCC == MFX_FOURCC_P010 ? 10 : 8;
    config.msb_samples = info.FourCC == MFX_FOURCC_P010 && info.Shift == 1;
    config.frame_rate_num = info.FrameRateExtN;
    config.frame_rate_den = info.FrameRateExtD;
    config.aspect_width = info.AspectRatioW;
    config.aspect_height = info.AspectRatioH;
    set_colour(options, info.FourCC, config);
    config.rate = rate_control_of(mfx, options, max_frame_bytes);
    set_gop(mfx, config);
    config.b_pyramid = options.b_pyramid && mfx.GopRefDist > 2 && mfx.CodecId != MFX_CODEC_AV1;
    config.target_usage = mfx.TargetUsage;
    config.profile = mfx.CodecProfile;
    config.level = mfx.CodecLevel & 0xFF;
    config.async_depth = video.AsyncDepth;
    config.cavlc = options.cavlc;
    config.deblocking = options.deblocking;
    config.access_unit_delimiter = options.access_unit_delimiter;
    return config;
}

}  // namespace

std::uint64_t max_coded_frame_bytes(const FrameFormat& format) {
    constexpr std::uint64_t kHeaders = 16384;
    const auto pixels =
        static_cast<std::uint64_t>(format.width_px) * static_cast<std::uint64_t>(format.height_px);
    const std::uint64_t raw = pixels * 3 / 2 * (format.fourcc == MFX_FOURCC_P010 ? 2 : 1);
    // Noise at the lowest quantiser comes out larger than it went in.
    return raw + raw / 2 + kHeaders;
}

mfxStatus query(const mfxVideoParam* in, mfxVideoParam& out) {
    if (in == nullptr) {
        if (find_codec(out.mfx.CodecId) == nullptr) {
            return MFX_ERR_UNSUPPORTED;
        }
        mark_settable(out);
        return mark_ext_buffers(out);
    }
    mfxVideoParam video = *in;
    const mfxStatus checked = Check(video).run();
    ExtOptions options;
    const mfxStatus extended = read_ext_buffers(*in, &out, options);
    video.ExtParam = out.ExtParam;
    video.NumExtParam = out.NumExtParam;
    out = video;
    return worse(checked, extended);
}

mfxStatus resolve(const mfxVideoParam& in, EncodeParams& out) {
    out.video = in;
    const mfxStatus checked = Check(out.video).run();
    ExtOptions options;
    const mfxStatus status = worse(checked, read_ext_buffers(in, nullptr, options));
    out.video.ExtParam = nullptr;
    out.video.NumExtParam = 0;
    if (status == MFX_ERR_UNSUPPORTED) {
        return MFX_ERR_INVALID_VIDEO_PARAM;
    }
    if (status < MFX_ERR_NONE) {
        return status;
    }
    if (!has_what_init_needs(out.video)) {
        return MFX_ERR_INVALID_VIDEO_PARAM;
    }
    fill_defaults(*find_codec(in.mfx.CodecId), out.video);
    const mfxFrameInfo& info = out.video.mfx.FrameInfo;
    out.format = {.fourcc = info.FourCC,
                  .width_px = info.CropW,
                  .height_px = info.CropH,
                  .video_memory = out.video.IOPattern == MFX_IOPATTERN_IN_VIDEO_MEMORY};
    const std::uint64_t max_frame_bytes = max_coded_frame_bytes(out.format);
    out.config = config_of(out.video, options, max_frame_bytes);
    fit_buffer_size(max_frame_bytes, out.video.mfx);
    return status;
}

mfxStatus query_surfaces(const mfxVideoParam& in, mfxFrameAllocRequest& request) {
    EncodeParams params;
    const mfxStatus status = resolve(in, params);
    if (status < MFX_ERR_NONE) {
        return status;
    }
    request.Info = params.video.mfx.FrameInfo;
    request.NumFrameMin = static_cast<mfxU16>(params.video.AsyncDepth + 1);
    request.NumFrameSuggested =
        static_cast<mfxU16>(request.NumFrameMin + max_delay_frames(params.config));
    const mfxU16 memory =
        params.format.video_memory ? MFX_MEMTYPE_DXVA2_DECODER_TARGET : MFX_MEMTYPE_SYSTEM_MEMORY;
    request.Type =
        static_cast<mfxU16>(MFX_MEMTYPE_FROM_ENCODE | MFX_MEMTYPE_EXTERNAL_FRAME | memory);
    return status;
}

}  // namespace mrda::vpl::soft
