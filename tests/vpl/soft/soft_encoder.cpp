// SPDX-License-Identifier: MIT
#include "soft_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace mrda::vpl::soft_test {

SoftSession::SoftSession() {
    loader_ = MFXLoad();
    mfxVariant implementation{};
    implementation.Type = MFX_VARIANT_TYPE_PTR;
    char name[] = "mrda-software";
    implementation.Data.Ptr = name;
    mfxConfig config = MFXCreateConfig(loader_);
    EXPECT_EQ(
        MFXSetConfigFilterProperty(
            config, reinterpret_cast<const mfxU8*>("mfxImplDescription.ImplName"), implementation),
        MFX_ERR_NONE);
    EXPECT_EQ(MFXCreateSession(loader_, 0, &session_), MFX_ERR_NONE);
}

SoftSession::~SoftSession() {
    if (session_ != nullptr) {
        MFXClose(session_);
    }
    MFXUnload(loader_);
}

std::string codec_test_name(const testing::TestParamInfo<mfxU32>& codec) {
    switch (codec.param) {
        case MFX_CODEC_AVC:
            return "avc";
        case MFX_CODEC_HEVC:
            return "hevc";
        default:
            return "av1";
    }
}

mfxVideoParam make_params(mfxU32 codec, int width_px, int height_px, mfxU32 fourcc) {
    mfxVideoParam params{};
    params.AsyncDepth = 1;
    params.IOPattern = MFX_IOPATTERN_IN_SYSTEM_MEMORY;
    params.mfx.CodecId = codec;
    params.mfx.TargetUsage = MFX_TARGETUSAGE_BEST_SPEED;
    params.mfx.RateControlMethod = MFX_RATECONTROL_CQP;
    const mfxU16 qp = codec == MFX_CODEC_AV1 ? 120 : 30;
    params.mfx.QPI = params.mfx.QPP = params.mfx.QPB = qp;
    params.mfx.GopPicSize = 60;
    params.mfx.GopRefDist = 1;
    mfxFrameInfo& info = params.mfx.FrameInfo;
    info.FourCC = fourcc;
    info.ChromaFormat =
        fourcc == MFX_FOURCC_RGB4 ? MFX_CHROMAFORMAT_YUV444 : MFX_CHROMAFORMAT_YUV420;
    info.Shift = fourcc == MFX_FOURCC_P010 ? 1 : 0;
    info.Width = static_cast<mfxU16>((width_px + 15) / 16 * 16);
    info.Height = static_cast<mfxU16>((height_px + 15) / 16 * 16);
    info.CropW = static_cast<mfxU16>(width_px);
    info.CropH = static_cast<mfxU16>(height_px);
    info.FrameRateExtN = 30;
    info.FrameRateExtD = 1;
    info.PicStruct = MFX_PICSTRUCT_PROGRESSIVE;
    return params;
}

SoftFrame::SoftFrame(const mfxFrameInfo& info, int number) {
    const int sample_bytes =
        info.FourCC == MFX_FOURCC_RGB4 ? 4 : (info.FourCC == MFX_FOURCC_P010 ? 2 : 1);
    const std::size_t pitch = std::size_t{info.Width} * static_cast<std::size_t>(sample_bytes);
    const std::size_t rows =
        info.FourCC == MFX_FOURCC_RGB4 ? info.Height : std::size_t{info.Height} * 3 / 2;
    bytes_.resize(pitch * rows);
    std::uint32_t noise = 2463534242U + static_cast<std::uint32_t>(number);
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        const std::size_t x = i % pitch;
        const std::size_t y = i / pitch;
        const auto shape = (x + static_cast<std::size_t>(number) * 4) / 16 * 9 + y / 8 * 5;
        bytes_[i] = static_cast<std::uint8_t>(shape + (noise & 31));
    }
    surface_.Info = info;
    surface_.Data.PitchLow = static_cast<mfxU16>(pitch);
    surface_.Data.TimeStamp = static_cast<mfxU64>(number) * 3000;
    if (info.FourCC == MFX_FOURCC_RGB4) {
        surface_.Data.B = bytes_.data();
        surface_.Data.G = bytes_.data() + 1;
        surface_.Data.R = bytes_.data() + 2;
        surface_.Data.A = bytes_.data() + 3;
    } else {
        surface_.Data.Y = bytes_.data();
        surface_.Data.UV = bytes_.data() + pitch * info.Height;
    }
}

mfxU16 SoftFrame::lock_count() {
    return std::atomic_ref<mfxU16>(surface_.Data.Locked).load();
}

SoftBitstream::SoftBitstream(std::size_t size_bytes) : bytes(size_bytes) {
    stream.Data = bytes.data();
    stream.MaxLength = static_cast<mfxU32>(size_bytes);
}

SoftEncoder::SoftEncoder(mfxVideoParam params, mfxStatus expected) : params_(params) {
    EXPECT_EQ(MFXVideoENCODE_Init(session_.get(), &params_), expected);
    if (expected >= MFX_ERR_NONE) {
        EXPECT_EQ(MFXVideoENCODE_GetVideoParam(session_.get(), &actual_), MFX_ERR_NONE);
    }
}

mfxVideoParam SoftEncoder::actual() const {
    return actual_;
}

mfxStatus SoftEncoder::submit(mfxEncodeCtrl* control, mfxFrameSurface1* surface) {
    Pending next;
    next.bitstream = std::make_unique<SoftBitstream>(std::size_t{actual_.mfx.BufferSizeInKB} *
                                                     1000 * actual_.mfx.BRCParamMultiplier);
    mfxStatus status = MFX_ERR_NONE;
    for (;;) {
        status = MFXVideoENCODE_EncodeFrameAsync(session(), control, surface,
                                                 &next.bitstream->stream, &next.sync);
        if (status != MFX_WRN_DEVICE_BUSY || pending_.empty()) {
            break;
        }
        collect_oldest();
    }
    if (status == MFX_ERR_NONE) {
        started_ = true;
        pending_.push_back(std::move(next));
    }
    return status;
}

void SoftEncoder::collect_oldest() {
    Pending oldest = std::move(pending_.front());
    pending_.erase(pending_.begin());
    EXPECT_EQ(MFXVideoCORE_SyncOperation(session(), oldest.sync, 60000), MFX_ERR_NONE);
    const mfxBitstream& stream = oldest.bitstream->stream;
    collected_.push_back({.time_stamp = stream.TimeStamp,
                          .decode_time_stamp = stream.DecodeTimeStamp,
                          .frame_type = stream.FrameType,
                          .data = {stream.Data, stream.Data + stream.DataLength}});
}

std::vector<Coded> SoftEncoder::encode(int count, mfxEncodeCtrl* control, int control_at) {
    for (int i = 0; i < count; ++i) {
        frames_.push_back(std::make_unique<SoftFrame>(info(), next_frame_++));
        frames_.back()->surface().Data.TimeStamp += first_time_;
        const mfxStatus status =
            submit(i == control_at ? control : nullptr, &frames_.back()->surface());
        if (status == MFX_ERR_MORE_DATA && !started_) {
            ++answers_before_first_;
        } else {
            EXPECT_EQ(status, MFX_ERR_NONE);
        }
        while (pending_.size() >= params_.AsyncDepth) {
            collect_oldest();
        }
    }
    return std::exchange(collected_, {});
}

std::vector<Coded> SoftEncoder::drain() {
    mfxStatus status = MFX_ERR_NONE;
    while ((status = submit(nullptr, nullptr)) == MFX_ERR_NONE) {
    }
    EXPECT_EQ(status, MFX_ERR_MORE_DATA);
    while (!pending_.empty()) {
        collect_oldest();
    }
    // After a drain the delay begins anew.
    started_ = false;
    return std::exchange(collected_, {});
}

}  // namespace mrda::vpl::soft_test
