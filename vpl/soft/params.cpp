// SPDX-License-Identifier: MIT
#include "params.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "check_params.h"
#include "ext_buffers.h"

namespace mrda::vpl::soft {

namespace {

constexpr mfxU16 kDefaultAsyncDepth = 4;
constexpr mfxU16 kDefaultGopFrames = 250;
constexpr mfxU16 kInfiniteGop = 65535;
constexpr mfxU16 kDefaultTargetUsage = MFX_TARGETUSAGE_BALANCED;
constexpr mfxU16 kDefaultQp = 26;
constexpr mfxU16 kDefaultAv1Qp = 104;
constexpr mfxU32 kMaxCodedUnits = 65535;

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
    const std::uint64_t initial_kbit = std::uint64_t{mfx.InitialDelayInKB} * unit * 8;
    rate.vbv_initial_kbit =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(initial_kbit, rate.vbv_kbit));
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
    const std::int64_t intervals =
        mfx.CodecId == MFX_CODEC_HEVC ? mfx.IdrInterval : mfx.IdrInterval + 1;
    config.idr_period_frames = static_cast<int>(std::min<std::int64_t>(
        config.intra_period_frames * intervals, std::numeric_limits<int>::max()));
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
    const mfxU32 common = std::gcd(info.FrameRateExtN, info.FrameRateExtD);
    config.frame_rate_num = info.FrameRateExtN / common;
    config.frame_rate_den = info.FrameRateExtD / common;
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
    const mfxStatus checked = check_params(video);
    ExtOptions options;
    const mfxStatus extended = read_ext_buffers(*in, &out, options);
    video.ExtParam = out.ExtParam;
    video.NumExtParam = out.NumExtParam;
    out = video;
    return worse(checked, extended);
}

mfxStatus resolve(const mfxVideoParam& in, EncodeParams& out) {
    out.video = in;
    const mfxStatus checked = check_params(out.video);
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
