// SPDX-License-Identifier: MIT
#include "encoder_params.h"

#include <algorithm>
#include <limits>
#include <string>

#include "mfx_error.h"

namespace mrda::vpl {

namespace {

constexpr std::uint32_t kMacroblockPx = 16;

std::uint16_t round_up(std::uint32_t value) {
    return static_cast<std::uint16_t>((value + kMacroblockPx - 1) / kMacroblockPx * kMacroblockPx);
}

Result<void> set_rate_control(const EncoderConfig& config, mfxInfoMFX& mfx) {
    if (config.rate_control == RateControl::cqp) {
        if (config.qp == 0) {
            return make_error(Errc::invalid_argument, "a QP of 0: oneVPL takes 0 for \"unset\"");
        }
        mfx.RateControlMethod = MFX_RATECONTROL_CQP;
        mfx.QPI = mfx.QPP = mfx.QPB = config.qp;
        return {};
    }
    if (config.bitrate_kbps == 0) {
        return make_error(Errc::invalid_argument, "a bit rate of 0 kbit/s asked for");
    }
    mfx.RateControlMethod =
        config.rate_control == RateControl::cbr ? MFX_RATECONTROL_CBR : MFX_RATECONTROL_VBR;
    // mfxstructures.h: rates are 16 bits wide, and multiplied by BRCParamMultiplier.
    constexpr std::uint32_t kMax16 = std::numeric_limits<std::uint16_t>::max();
    const std::uint32_t multiplier = config.bitrate_kbps / kMax16 + 1;
    if (multiplier > kMax16) {
        return make_error(Errc::invalid_argument,
                          "a bit rate of " + std::to_string(config.bitrate_kbps) +
                              " kbit/s asked for, which oneVPL cannot express");
    }
    mfx.BRCParamMultiplier = static_cast<mfxU16>(multiplier);
    mfx.TargetKbps = static_cast<mfxU16>(config.bitrate_kbps / multiplier);
    mfx.MaxKbps = mfx.TargetKbps;
    return {};
}

std::uint32_t kbps_of(const mfxInfoMFX& mfx) {
    const std::uint32_t multiplier = std::max<std::uint32_t>(mfx.BRCParamMultiplier, 1);
    return mfx.RateControlMethod == MFX_RATECONTROL_CQP ? 0 : mfx.TargetKbps * multiplier;
}

struct Field {
    const char* name;
    std::uint32_t wanted;
    std::uint32_t found;
};

/// The first difference that a user would care about; "": none.
std::string first_change(const mfxVideoParam& wanted, const mfxVideoParam& found) {
    const Field fields[] = {
        {"codec", wanted.mfx.CodecId, found.mfx.CodecId},
        {"profile", wanted.mfx.CodecProfile, found.mfx.CodecProfile},
        {"fourcc", wanted.mfx.FrameInfo.FourCC, found.mfx.FrameInfo.FourCC},
        {"width", wanted.mfx.FrameInfo.Width, found.mfx.FrameInfo.Width},
        {"height", wanted.mfx.FrameInfo.Height, found.mfx.FrameInfo.Height},
        {"rate control", wanted.mfx.RateControlMethod, found.mfx.RateControlMethod},
        {"QP", wanted.mfx.QPI, found.mfx.QPI},
        {"GOP reference distance", wanted.mfx.GopRefDist, found.mfx.GopRefDist},
        {"memory", wanted.IOPattern, found.IOPattern},
    };
    for (const Field& field : fields) {
        if (field.wanted != field.found && field.wanted != 0) {
            return std::string(field.name) + " " + std::to_string(field.wanted) +
                   (field.found == 0 ? "" : " (it would take " + std::to_string(field.found) + ")");
        }
    }
    return "";
}

/// The first of the fields that a runtime may round, and has cleared; "": none.
std::string first_cleared(const mfxVideoParam& wanted, const mfxVideoParam& found) {
    const Field fields[] = {
        {"the frame rate's numerator,", wanted.mfx.FrameInfo.FrameRateExtN,
         found.mfx.FrameInfo.FrameRateExtN},
        {"the bit rate in kbit/s,", kbps_of(wanted.mfx), kbps_of(found.mfx)},
    };
    for (const Field& field : fields) {
        if (field.wanted != 0 && field.found == 0) {
            return std::string(field.name) + " " + std::to_string(field.wanted);
        }
    }
    return "the combination of parameters";
}

std::string refusal_text(const Session& session, Codec codec, const mfxVideoParam& wanted,
                         const mfxVideoParam& found) {
    const mfxFrameInfo& asked = wanted.mfx.FrameInfo;
    const mfxFrameInfo& left = found.mfx.FrameInfo;
    const std::string name(to_string(codec));
    if (left.FourCC != asked.FourCC) {
        return "the runtime encodes no " + name + " from " + fourcc_string(asked.FourCC) +
               " surfaces; convert to NV12 or P010 first";
    }
    if (left.Width != asked.Width || left.Height != asked.Height || left.CropW != asked.CropW ||
        left.CropH != asked.CropH) {
        return "the runtime does not encode " + name + " pictures of " +
               std::to_string(asked.CropW) + "x" + std::to_string(asked.CropH) + session.sizes();
    }
    const std::string change = first_change(wanted, found);
    return "the runtime does not encode " + name + " this way; it objects to " +
           (change.empty() ? first_cleared(wanted, found) : change);
}

}  // namespace

Result<mfxVideoParam> to_video_param(const EncoderConfig& config, std::uint32_t drm_fourcc) {
    MRDA_ASSIGN(const MfxFormat format, mfx_format_of(drm_fourcc));
    MRDA_ASSIGN(const FrameLayout shape,
                FrameLayout::linear(drm_fourcc, config.width_px, config.height_px));
    if (config.fps_num == 0 || config.fps_den == 0) {
        return make_error(Errc::invalid_argument, "a frame rate of " +
                                                      std::to_string(config.fps_num) + "/" +
                                                      std::to_string(config.fps_den));
    }
    if (config.async_depth == 0 || config.async_depth > 64) {
        return make_error(
            Errc::invalid_argument,
            "an async depth of " + std::to_string(config.async_depth) + "; choose 1 to 64");
    }
    mfxVideoParam param{};
    param.AsyncDepth = config.async_depth;
    param.IOPattern = MFX_IOPATTERN_IN_VIDEO_MEMORY;
    mfxInfoMFX& mfx = param.mfx;
    mfx.CodecId = mfx_codec_id(config.codec);
    mfx.CodecProfile = config.profile;
    mfx.TargetUsage = config.target_usage;
    mfx.GopPicSize = config.gop_size;
    mfx.GopRefDist = config.gop_ref_dist;
    // mfxstructures.h: 0 makes every I frame an IDR frame, but for HEVC the first one only.
    mfx.IdrInterval = config.codec == Codec::hevc ? 1 : 0;
    mfx.NumRefFrame = config.num_ref_frames;
    MRDA_TRY(set_rate_control(config, mfx));
    mfx.FrameInfo.FourCC = format.fourcc;
    mfx.FrameInfo.ChromaFormat = format.chroma_format;
    mfx.FrameInfo.BitDepthLuma = mfx.FrameInfo.BitDepthChroma = format.bit_depth;
    mfx.FrameInfo.Shift = format.bit_depth > 8 ? 1 : 0;
    mfx.FrameInfo.PicStruct = MFX_PICSTRUCT_PROGRESSIVE;
    mfx.FrameInfo.FrameRateExtN = config.fps_num;
    mfx.FrameInfo.FrameRateExtD = config.fps_den;
    mfx.FrameInfo.Width = round_up(shape.width_px());
    mfx.FrameInfo.Height = round_up(shape.height_px());
    mfx.FrameInfo.CropW = static_cast<mfxU16>(shape.width_px());
    mfx.FrameInfo.CropH = static_cast<mfxU16>(shape.height_px());
    return param;
}

Result<mfxVideoParam> query(const Session& session, const mfxVideoParam& wanted, Codec codec) {
    mfxVideoParam in = wanted;
    mfxVideoParam out = wanted;
    mfxStatus status = MFXVideoENCODE_Query(session.handle(), &in, &out);
    if (status == MFX_ERR_UNSUPPORTED) {
        // Newer Intel GPUs encode through the low-power engine only.
        in.mfx.LowPower = MFX_CODINGOPTION_ON;
        mfxVideoParam low_power = in;
        const mfxStatus second = MFXVideoENCODE_Query(session.handle(), &in, &low_power);
        if (second >= MFX_ERR_NONE) {
            status = second;
            out = low_power;
        }
    }
    if (status < MFX_ERR_NONE) {
        return mfx_error("MFXVideoENCODE_Query", status, refusal_text(session, codec, wanted, out));
    }
    if (!first_change(wanted, out).empty()) {
        return make_error(Errc::unsupported, refusal_text(session, codec, wanted, out));
    }
    return out;
}

}  // namespace mrda::vpl
