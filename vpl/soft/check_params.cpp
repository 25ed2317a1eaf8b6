// SPDX-License-Identifier: MIT
#include "check_params.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "encoder.h"

namespace mrda::vpl::soft {

namespace {

constexpr mfxU16 kMaxAsyncDepth = 64;
constexpr mfxU16 kMaxReferences = 16;
// x264 clips rates to this in silence, and multiplies what it keeps by 1000 in 32 bits.
constexpr mfxU32 kMaxKbps = 2000000;
// SVT-AV1 takes no more, x264's rate control counts with no more than 255.
constexpr mfxU32 kMaxFrameRate = 240;
// SVT-AV1 shifts the numerator by 8 bits (and x264 doubles it) in 32.
constexpr mfxU32 kMaxFrameRateTerm = (1U << 24U) - 1;

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
    void check_frame_rate();
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
    check_frame_rate();
    if ((info.AspectRatioW == 0) != (info.AspectRatioH == 0)) {
        correct(info.AspectRatioW, mfxU16{0});
        correct(info.AspectRatioH, mfxU16{0});
    }
}

void Check::check_frame_rate() {
    mfxU32& rate_n = video_.mfx.FrameInfo.FrameRateExtN;
    mfxU32& rate_d = video_.mfx.FrameInfo.FrameRateExtD;
    if (rate_n == 0 && rate_d == 0) {
        return;
    }
    const mfxU32 common = std::gcd(rate_n, rate_d);
    const bool too_fast = std::uint64_t{rate_n} > std::uint64_t{kMaxFrameRate} * rate_d;
    if (rate_n == 0 || rate_d == 0 || too_fast || rate_n / common > kMaxFrameRateTerm ||
        rate_d / common > kMaxFrameRateTerm) {
        refuse(rate_n);
        refuse(rate_d);
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
    constexpr int kSmallestMiniGop = 4;
    const bool vbr = mfx.RateControlMethod == MFX_RATECONTROL_VBR;
    const bool short_gop = mfx.GopPicSize != 0 && mfx.GopPicSize < kSmallestMiniGop;
    if (vbr && short_gop) {
        correct(mfx.GopPicSize, mfxU16{kSmallestMiniGop});
    }
    const bool no_b_frames = mfx.RateControlMethod == MFX_RATECONTROL_CBR || (short_gop && !vbr);
    if (no_b_frames && mfx.GopRefDist > 1) {
        correct(mfx.GopRefDist, mfxU16{1});
    } else if (mfx.GopRefDist > 1 || (vbr && mfx.GopRefDist == 1)) {
        // No longer than the GOP.
        int distance = kSmallestMiniGop;
        while (distance < mfx.GopRefDist &&
               (mfx.GopPicSize == 0 || 2 * distance <= mfx.GopPicSize)) {
            distance *= 2;
        }
        correct(mfx.GopRefDist, static_cast<mfxU16>(distance));
    }
    correct(mfx.IdrInterval, mfxU16{0});
    correct(mfx.NumRefFrame, mfxU16{0});
    limit(mfx.NumSlice, mfxU16{1});
}

void Check::check_rate() {
    mfxInfoMFX& mfx = video_.mfx;
    if (mfx.RateControlMethod == MFX_RATECONTROL_CBR ||
        mfx.RateControlMethod == MFX_RATECONTROL_VBR) {
        const mfxU32 unit = std::max<mfxU32>(mfx.BRCParamMultiplier, 1);
        for (auto* kbps : {&mfx.TargetKbps, &mfx.MaxKbps}) {
            if (*kbps * unit > kMaxKbps) {
                refuse(*kbps);
            }
        }
    }
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

}  // namespace

mfxStatus check_params(mfxVideoParam& video) {
    return Check(video).run();
}

}  // namespace mrda::vpl::soft
