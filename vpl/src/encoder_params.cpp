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

/// mfxstructures.h: rates are 16 bits wide, and multiplied by BRCParamMultiplier. What that cannot
/// express is rounded down.
constexpr std::uint32_t kMax16 = std::numeric_limits<std::uint16_t>::max();

Result<void> set_bit_rate(std::uint32_t kbps, mfxInfoMFX& mfx) {
    const std::uint32_t multiplier = kbps / kMax16 + 1;
    if (multiplier > kMax16) {
        return make_error(Errc::invalid_argument, "a bit rate of " + std::to_string(kbps) +
                                                      " kbit/s asked for, which oneVPL cannot "
                                                      "express");
    }
    mfx.BRCParamMultiplier = static_cast<mfxU16>(multiplier);
    mfx.TargetKbps = static_cast<mfxU16>(kbps / multiplier);
    mfx.MaxKbps = mfx.TargetKbps;
    return {};
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
    return set_bit_rate(config.bitrate_kbps, mfx);
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

struct Answer {
    mfxStatus status;
    mfxVideoParam param;
};

bool keeps_rates(const mfxVideoParam& wanted, const mfxVideoParam& found) {
    return found.mfx.FrameInfo.FrameRateExtN == wanted.mfx.FrameInfo.FrameRateExtN &&
           kbps_of(found.mfx) == kbps_of(wanted.mfx);
}

Answer query(const Session& session, mfxVideoParam wanted) {
    Answer answer{MFX_ERR_NONE, wanted};
    answer.status = MFXVideoENCODE_Query(session.handle(), &wanted, &answer.param);
    return answer;
}

/// Low power first: of Intel's engines only that one reads a linear surface where it lies, and
/// newer GPUs have no other. For the plain one the driver tiles a copy of every picture. Where low
/// power would change what is wanted (Intel's has no B frames in AVC), or is none (our own
/// runtime), the plain one is asked.
Answer ask(const Session& session, const mfxVideoParam& wanted) {
    mfxVideoParam low_power = wanted;
    low_power.mfx.LowPower = MFX_CODINGOPTION_ON;
    const Answer answer = query(session, low_power);
    if (answer.status >= MFX_ERR_NONE && answer.param.mfx.LowPower == MFX_CODINGOPTION_ON &&
        first_change(wanted, answer.param).empty() && keeps_rates(wanted, answer.param)) {
        return answer;
    }
    return query(session, wanted);
}

/// The runtime does not tell its limits. The highest rate below `refused` that it takes, where
/// `set` puts one into the parameters; 0: none.
template <typename Set>
std::uint32_t highest_taken(const Session& session, mfxVideoParam wanted, std::uint32_t refused,
                            Set set) {
    std::uint32_t taken = 0;
    while (refused - taken > 1) {
        const std::uint32_t middle = taken + (refused - taken) / 2;
        set(wanted.mfx, middle);
        const Answer answer = ask(session, wanted);
        const bool takes = answer.status >= MFX_ERR_NONE && keeps_rates(wanted, answer.param);
        (takes ? taken : refused) = middle;
    }
    return taken;
}

std::string frame_rate_refusal(const Session& session, const EncoderConfig& config,
                               const mfxVideoParam& wanted) {
    const std::string seconds = "/" + std::to_string(config.fps_den);
    const std::uint32_t highest = highest_taken(
        session, wanted, config.fps_num,
        [](mfxInfoMFX& mfx, std::uint32_t rate) { mfx.FrameInfo.FrameRateExtN = rate; });
    return "at " + std::to_string(config.fps_num) + seconds + " frames a second; " +
           (highest == 0 ? "choose fewer" : "it takes up to " + std::to_string(highest) + seconds);
}

std::string bit_rate_refusal(const Session& session, const EncoderConfig& config,
                             const mfxVideoParam& wanted) {
    const std::uint32_t highest = highest_taken(
        session, wanted, config.bitrate_kbps, [](mfxInfoMFX& mfx, std::uint32_t kbps) {
            static_cast<void>(set_bit_rate(kbps, mfx));  // Less than what could be expressed.
        });
    // Above that, rates go in steps, of which one may begin a little past the limit.
    const std::string limit = highest > kMax16
                                  ? "about " + std::to_string((highest + 500) / 1000 * 1000)
                                  : std::to_string(highest);
    return "at " + std::to_string(config.bitrate_kbps) + " kbit/s; " +
           (highest == 0 ? "choose less" : "it takes up to " + limit);
}

/// A setting that a runtime may refuse without pointing at it, and what every runtime takes in its
/// place.
struct Relaxation {
    const char* name;
    mfxU16 mfxInfoMFX::*field;
    mfxU16 harmless;
};
constexpr Relaxation kRelaxations[] = {
    {"profile", &mfxInfoMFX::CodecProfile, 0},
    {"GOP reference distance", &mfxInfoMFX::GopRefDist, 1},
    {"number of reference frames", &mfxInfoMFX::NumRefFrame, 0},
    {"target usage", &mfxInfoMFX::TargetUsage, 0},
    {"GOP size", &mfxInfoMFX::GopPicSize, 0},
};

/// The setting without which the runtime would take the others; "": it is no single one.
std::string hidden_objection(const Session& session, const mfxVideoParam& wanted) {
    for (const Relaxation& relaxation : kRelaxations) {
        mfxVideoParam relaxed = wanted;
        relaxed.mfx.*relaxation.field = relaxation.harmless;
        if (wanted.mfx.*relaxation.field != relaxation.harmless &&
            ask(session, relaxed).status >= MFX_ERR_NONE) {
            return std::string(relaxation.name) + " " +
                   std::to_string(wanted.mfx.*relaxation.field);
        }
    }
    return "";
}

/// What the runtime objects to, to stand behind "does not encode h264 ".
std::string objection(const Session& session, const EncoderConfig& config,
                      const mfxVideoParam& wanted, const mfxVideoParam& found) {
    if (const std::string change = first_change(wanted, found); !change.empty()) {
        return "this way; it objects to " + change;
    }
    // Rates may be rounded, but not cleared.
    if (found.mfx.FrameInfo.FrameRateExtN == 0) {
        return frame_rate_refusal(session, config, wanted);
    }
    if (kbps_of(wanted.mfx) != 0 && kbps_of(found.mfx) == 0) {
        return bit_rate_refusal(session, config, wanted);
    }
    const std::string hidden = hidden_objection(session, wanted);
    return "this way; it objects to " + (hidden.empty() ? "the combination of parameters" : hidden);
}

std::string others_than(std::uint32_t fourcc) {
    if (fourcc == MFX_FOURCC_P010) {
        return "NV12";
    }
    return fourcc == MFX_FOURCC_NV12 ? "P010" : "NV12 or P010";
}

std::string sizes_hint(const Session& session, const mfxFrameInfo& asked) {
    if (session.sizes().empty()) {
        return "";
    }
    return session.describes(asked.CropW, asked.CropH)
               ? ", though it says to take " + session.sizes() +
                     ": the driver beneath it takes fewer sizes; choose a larger picture, or a "
                     "smaller one"
               : "; it takes " + session.sizes();
}

std::string refusal_text(const Session& session, const EncoderConfig& config,
                         const mfxVideoParam& wanted, const mfxVideoParam& found) {
    const mfxFrameInfo& asked = wanted.mfx.FrameInfo;
    const mfxFrameInfo& left = found.mfx.FrameInfo;
    const std::string name(to_string(config.codec));
    if (left.FourCC != asked.FourCC) {
        return "the runtime encodes no " + name + " from " + fourcc_string(asked.FourCC) +
               " surfaces; convert to " + others_than(asked.FourCC) + " first";
    }
    if (left.Width != asked.Width || left.Height != asked.Height || left.CropW != asked.CropW ||
        left.CropH != asked.CropH) {
        return "the runtime does not encode " + name + " pictures of " +
               std::to_string(asked.CropW) + "x" + std::to_string(asked.CropH) +
               sizes_hint(session, asked);
    }
    return "the runtime does not encode " + name + " " + objection(session, config, wanted, found);
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

Result<mfxVideoParam> query(const Session& session, const mfxVideoParam& wanted,
                            const EncoderConfig& config) {
    const Answer answer = ask(session, wanted);
    if (answer.status < MFX_ERR_NONE) {
        return mfx_error("MFXVideoENCODE_Query", answer.status,
                         refusal_text(session, config, wanted, answer.param));
    }
    if (!first_change(wanted, answer.param).empty()) {
        return make_error(Errc::unsupported, refusal_text(session, config, wanted, answer.param));
    }
    return answer.param;
}

}  // namespace mrda::vpl
