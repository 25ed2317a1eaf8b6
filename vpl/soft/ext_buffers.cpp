// SPDX-License-Identifier: MIT
#include "ext_buffers.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace mrda::vpl::soft {

namespace {

/// Builds, field by field, the part of a client's buffer that is honoured: everything not named
/// stays zero.
template <typename T>
class Honoured {
  public:
    explicit Honoured(const T& asked) : asked_(asked) {
        std::memset(static_cast<void*>(&kept_), 0, sizeof kept_);
        kept_.Header = asked.Header;
    }

    template <typename Field>
    void keep(Field T::*field) {
        kept_.*field = asked_.*field;
    }
    /// On, off and "not said" are all fine.
    void keep_switch(mfxU16 T::*field) {
        keep_if(field, {MFX_CODINGOPTION_ON, MFX_CODINGOPTION_OFF});
    }
    /// What the encoder never does may be switched off.
    void keep_off(mfxU16 T::*field) { keep_if(field, {MFX_CODINGOPTION_OFF}); }
    /// What the encoder always does may be switched on.
    void keep_on(mfxU16 T::*field) { keep_if(field, {MFX_CODINGOPTION_ON}); }
    void keep_if(mfxU16 T::*field, std::initializer_list<int> allowed) {
        if (std::find(allowed.begin(), allowed.end(), int{asked_.*field}) != allowed.end()) {
            kept_.*field = asked_.*field;
        }
    }

    T& kept() { return kept_; }
    mfxStatus status() const {
        return std::memcmp(&asked_, &kept_, sizeof kept_) == 0 ? MFX_ERR_NONE
                                                               : MFX_WRN_INCOMPATIBLE_VIDEO_PARAM;
    }

  private:
    const T& asked_;
    T kept_;
};

/// Of API 1.25 to 1.35, gone from oneVPL's headers; ffmpeg 5.1 sends it for AVC.
struct MultiFrameParam {
    mfxExtBuffer Header;
    mfxU16 mode;
    mfxU16 max_frames;
    mfxU16 reserved[58];
};
constexpr mfxU32 kMultiFrameParamId = 0x5052464D;  // MFRP
constexpr mfxU16 kMultiFrameDisabled = 1;
constexpr mfxU16 kMultiFrameManual = 3;

bool is_on(mfxU16 value) {
    return value == MFX_CODINGOPTION_ON;
}

mfxStatus honour(const mfxExtCodingOption& asked, mfxExtCodingOption& out, mfxU32 codec,
                 ExtOptions& options) {
    using Buffer = mfxExtCodingOption;
    Honoured<Buffer> honoured(asked);
    if (codec == MFX_CODEC_AVC) {
        honoured.keep_switch(&Buffer::CAVLC);
    }
    if (codec != MFX_CODEC_AV1) {
        honoured.keep_switch(&Buffer::AUDelimiter);
    }
    honoured.keep_on(&Buffer::FramePicture);
    for (auto field : {&Buffer::RecoveryPointSEI, &Buffer::NalHrdConformance,
                       &Buffer::SingleSeiNalUnit, &Buffer::VuiVclHrdParameters,
                       &Buffer::RefPicMarkRep, &Buffer::PicTimingSEI, &Buffer::VuiNalHrdParameters,
                       &Buffer::ResetRefList, &Buffer::FieldOutput, &Buffer::ViewOutput}) {
        honoured.keep_off(field);
    }
    options.cavlc = is_on(honoured.kept().CAVLC);
    options.access_unit_delimiter = is_on(honoured.kept().AUDelimiter);
    const mfxStatus status = honoured.status();
    out = honoured.kept();
    return status;
}

mfxStatus honour(const mfxExtCodingOption2& asked, mfxExtCodingOption2& out, mfxU32 codec,
                 ExtOptions& options) {
    using Buffer = mfxExtCodingOption2;
    Honoured<Buffer> honoured(asked);
    for (auto field : {&Buffer::ExtBRC, &Buffer::AdaptiveI, &Buffer::AdaptiveB, &Buffer::MBBRC,
                       &Buffer::BitrateLimit, &Buffer::RepeatPPS, &Buffer::FixedFrameRate,
                       &Buffer::DisableVUI, &Buffer::EnableMAD, &Buffer::UseRawRef}) {
        honoured.keep_off(field);
    }
    if (codec != MFX_CODEC_AV1) {
        honoured.keep_if(&Buffer::BRefType, {MFX_B_REF_OFF, MFX_B_REF_PYRAMID});
        honoured.keep_if(&Buffer::DisableDeblockingIdc, {1});
    }
    const int limit = codec == MFX_CODEC_AV1 ? 255 : 51;
    const int lowest = std::max({asked.MinQPI, asked.MinQPP, asked.MinQPB});
    const int highest = std::max({asked.MaxQPI, asked.MaxQPP, asked.MaxQPB});
    // The codec libraries have one range for all frame types.
    const bool same = asked.MinQPI == asked.MinQPP && asked.MinQPP == asked.MinQPB &&
                      asked.MaxQPI == asked.MaxQPP && asked.MaxQPP == asked.MaxQPB;
    if (same && lowest <= limit && highest <= limit && (highest == 0 || lowest <= highest)) {
        for (auto field : {&Buffer::MinQPI, &Buffer::MinQPP, &Buffer::MinQPB, &Buffer::MaxQPI,
                           &Buffer::MaxQPP, &Buffer::MaxQPB}) {
            honoured.keep(field);
        }
        options.qp_min = lowest;
        options.qp_max = highest;
    }
    options.b_pyramid = honoured.kept().BRefType == MFX_B_REF_PYRAMID;
    options.deblocking = honoured.kept().DisableDeblockingIdc == 0;
    const mfxStatus status = honoured.status();
    out = honoured.kept();
    return status;
}

mfxStatus honour(const mfxExtCodingOption3& asked, mfxExtCodingOption3& out, mfxU32 /*codec*/,
                 ExtOptions& /*options*/) {
    using Buffer = mfxExtCodingOption3;
    Honoured<Buffer> honoured(asked);
    for (auto field :
         {&Buffer::EnableMBQP, &Buffer::DirectBiasAdjustment, &Buffer::GlobalMotionBiasAdjustment,
          &Buffer::MBDisableSkipMap, &Buffer::EnableQPOffset, &Buffer::TransformSkip,
          &Buffer::LowDelayBRC, &Buffer::EnableMBForceIntra, &Buffer::AdaptiveMaxFrameSize,
          &Buffer::EncodedUnitsInfo, &Buffer::EnableNalUnitType, &Buffer::AdaptiveLTR,
          &Buffer::AdaptiveCQM, &Buffer::AdaptiveRef, &Buffer::FadeDetection, &Buffer::LowDelayHrd,
          &Buffer::BRCPanicMode, &Buffer::GPB}) {
        honoured.keep_off(field);
    }
    // Hints about the content, which an encoder may take or leave.
    honoured.keep(&Buffer::ScenarioInfo);
    honoured.keep(&Buffer::ContentInfo);
    const mfxStatus status = honoured.status();
    out = honoured.kept();
    return status;
}

mfxStatus honour(const mfxExtVideoSignalInfo& asked, mfxExtVideoSignalInfo& out, mfxU32 /*codec*/,
                 ExtOptions& options) {
    Honoured<mfxExtVideoSignalInfo> honoured(asked);
    honoured.keep(&mfxExtVideoSignalInfo::VideoFullRange);
    honoured.keep_if(&mfxExtVideoSignalInfo::VideoFormat, {5});
    const bool described = asked.ColourDescriptionPresent != 0;
    options.colour.present = true;
    options.colour.full_range = asked.VideoFullRange != 0;
    if (described && asked.ColourPrimaries <= 22 && asked.TransferCharacteristics <= 18 &&
        asked.MatrixCoefficients <= 14) {
        honoured.keep(&mfxExtVideoSignalInfo::ColourDescriptionPresent);
        honoured.keep(&mfxExtVideoSignalInfo::ColourPrimaries);
        honoured.keep(&mfxExtVideoSignalInfo::TransferCharacteristics);
        honoured.keep(&mfxExtVideoSignalInfo::MatrixCoefficients);
        options.colour.primaries = asked.ColourPrimaries;
        options.colour.transfer = asked.TransferCharacteristics;
        options.colour.matrix = asked.MatrixCoefficients;
    }
    const mfxStatus status = honoured.status();
    out = honoured.kept();
    return status;
}

mfxStatus honour(const mfxExtHEVCParam& asked, mfxExtHEVCParam& out, mfxU32 /*codec*/,
                 ExtOptions& /*options*/) {
    Honoured<mfxExtHEVCParam> honoured(asked);
    honoured.keep(&mfxExtHEVCParam::PicWidthInLumaSamples);
    honoured.keep(&mfxExtHEVCParam::PicHeightInLumaSamples);
    const mfxStatus status = honoured.status();
    out = honoured.kept();
    return status;
}

mfxStatus honour(const mfxExtHEVCTiles& asked, mfxExtHEVCTiles& out, mfxU32 /*codec*/,
                 ExtOptions& /*options*/) {
    Honoured<mfxExtHEVCTiles> honoured(asked);
    honoured.keep_if(&mfxExtHEVCTiles::NumTileRows, {1});
    honoured.keep_if(&mfxExtHEVCTiles::NumTileColumns, {1});
    const mfxStatus status = honoured.status();
    out = honoured.kept();
    return status;
}

mfxStatus honour(const mfxExtAV1BitstreamParam& asked, mfxExtAV1BitstreamParam& out,
                 mfxU32 /*codec*/, ExtOptions& /*options*/) {
    Honoured<mfxExtAV1BitstreamParam> honoured(asked);
    honoured.keep_off(&mfxExtAV1BitstreamParam::WriteIVFHeaders);
    const mfxStatus status = honoured.status();
    out = honoured.kept();
    return status;
}

mfxStatus honour(const mfxExtAV1TileParam& asked, mfxExtAV1TileParam& out, mfxU32 /*codec*/,
                 ExtOptions& /*options*/) {
    Honoured<mfxExtAV1TileParam> honoured(asked);
    honoured.keep_if(&mfxExtAV1TileParam::NumTileRows, {1});
    honoured.keep_if(&mfxExtAV1TileParam::NumTileColumns, {1});
    honoured.keep_if(&mfxExtAV1TileParam::NumTileGroups, {1});
    const mfxStatus status = honoured.status();
    out = honoured.kept();
    return status;
}

mfxStatus honour(const mfxExtEncoderResetOption& asked, mfxExtEncoderResetOption& out,
                 mfxU32 /*codec*/, ExtOptions& /*options*/) {
    Honoured<mfxExtEncoderResetOption> honoured(asked);
    honoured.keep_on(&mfxExtEncoderResetOption::StartNewSequence);
    const mfxStatus status = honoured.status();
    out = honoured.kept();
    return status;
}

mfxStatus honour(const MultiFrameParam& asked, MultiFrameParam& out, mfxU32 /*codec*/,
                 ExtOptions& /*options*/) {
    out = {};
    out.Header = asked.Header;
    out.mode = kMultiFrameDisabled;
    // What is left to the encoder, it may well decide against.
    return asked.mode < kMultiFrameManual && asked.max_frames <= 1
               ? MFX_ERR_NONE
               : MFX_WRN_INCOMPATIBLE_VIDEO_PARAM;
}

template <typename T>
mfxStatus honour_buffer(const mfxExtBuffer& in, mfxExtBuffer* out, mfxU32 codec,
                        ExtOptions& options) {
    if (in.BufferSz != sizeof(T) || (out != nullptr && out->BufferSz != sizeof(T))) {
        return MFX_ERR_UNSUPPORTED;
    }
    // Query's input and output may be one and the same.
    T asked;
    T kept;
    std::memcpy(static_cast<void*>(&asked), &in, sizeof asked);
    const mfxStatus status = honour(asked, kept, codec, options);
    if (out != nullptr) {
        std::memcpy(static_cast<void*>(out), &kept, sizeof kept);
    }
    return status;
}

template <typename T>
void clear_buffer(mfxExtBuffer& buffer) {
    if (buffer.BufferSz == sizeof(T)) {
        std::memset(reinterpret_cast<char*>(&buffer) + sizeof buffer, 0, sizeof(T) - sizeof buffer);
    }
}

struct Row {
    mfxU32 id;
    mfxU32 codec;  ///< 0: all.
    mfxStatus (*honour)(const mfxExtBuffer&, mfxExtBuffer*, mfxU32, ExtOptions&);
    void (*clear)(mfxExtBuffer&);
};

template <typename T>
constexpr Row row(mfxU32 id, mfxU32 codec) {
    return {id, codec, honour_buffer<T>, clear_buffer<T>};
}

constexpr std::array kRows = {
    row<mfxExtCodingOption>(MFX_EXTBUFF_CODING_OPTION, 0),
    row<mfxExtCodingOption2>(MFX_EXTBUFF_CODING_OPTION2, 0),
    row<mfxExtCodingOption3>(MFX_EXTBUFF_CODING_OPTION3, 0),
    row<mfxExtVideoSignalInfo>(MFX_EXTBUFF_VIDEO_SIGNAL_INFO, 0),
    row<mfxExtEncoderResetOption>(MFX_EXTBUFF_ENCODER_RESET_OPTION, 0),
    row<MultiFrameParam>(kMultiFrameParamId, MFX_CODEC_AVC),
    row<mfxExtHEVCParam>(MFX_EXTBUFF_HEVC_PARAM, MFX_CODEC_HEVC),
    row<mfxExtHEVCTiles>(MFX_EXTBUFF_HEVC_TILES, MFX_CODEC_HEVC),
    row<mfxExtAV1BitstreamParam>(MFX_EXTBUFF_AV1_BITSTREAM_PARAM, MFX_CODEC_AV1),
    row<mfxExtAV1TileParam>(MFX_EXTBUFF_AV1_TILE_PARAM, MFX_CODEC_AV1),
};

const Row* find_row(mfxU32 id, mfxU32 codec) {
    for (const Row& candidate : kRows) {
        if (candidate.id == id && (candidate.codec == 0 || candidate.codec == codec)) {
            return &candidate;
        }
    }
    return nullptr;
}

mfxU16 tri_state(bool on) {
    return on ? MFX_CODINGOPTION_ON : MFX_CODINGOPTION_OFF;
}

template <typename T>
T* as(mfxExtBuffer& buffer, mfxU32 id) {
    const bool matches = buffer.BufferId == id && buffer.BufferSz == sizeof(T);
    return matches ? reinterpret_cast<T*>(&buffer) : nullptr;
}

mfxExtBuffer* find_partner(const mfxVideoParam& video, mfxU32 id) {
    for (mfxU16 i = 0; video.ExtParam != nullptr && i < video.NumExtParam; ++i) {
        if (video.ExtParam[i] != nullptr && video.ExtParam[i]->BufferId == id) {
            return video.ExtParam[i];
        }
    }
    return nullptr;
}

}  // namespace

mfxStatus read_ext_buffers(const mfxVideoParam& in, const mfxVideoParam* out, ExtOptions& options) {
    if (in.NumExtParam > 0 && in.ExtParam == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    if (out != nullptr && out->NumExtParam != in.NumExtParam) {
        return MFX_ERR_UNDEFINED_BEHAVIOR;
    }
    mfxStatus result = MFX_ERR_NONE;
    for (mfxU16 i = 0; i < in.NumExtParam; ++i) {
        const mfxExtBuffer* buffer = in.ExtParam[i];
        if (buffer == nullptr) {
            return MFX_ERR_NULL_PTR;
        }
        const Row* known = find_row(buffer->BufferId, in.mfx.CodecId);
        if (known == nullptr) {
            return MFX_ERR_UNSUPPORTED;
        }
        mfxExtBuffer* partner = nullptr;
        if (out != nullptr) {
            partner = find_partner(*out, buffer->BufferId);
            if (partner == nullptr) {
                return MFX_ERR_UNDEFINED_BEHAVIOR;
            }
        }
        const mfxStatus status = known->honour(*buffer, partner, in.mfx.CodecId, options);
        if (status < MFX_ERR_NONE) {
            return status;
        }
        result = std::max(result, status);
    }
    return result;
}

mfxStatus write_ext_buffer(const EncoderConfig& config, mfxExtBuffer& buffer) {
    const Row* known = find_row(buffer.BufferId, config.codec);
    if (known == nullptr) {
        return MFX_ERR_UNSUPPORTED;
    }
    known->clear(buffer);
    if (auto* option = as<mfxExtCodingOption>(buffer, MFX_EXTBUFF_CODING_OPTION)) {
        option->FramePicture = MFX_CODINGOPTION_ON;
        option->CAVLC = tri_state(config.cavlc);
        option->AUDelimiter = tri_state(config.access_unit_delimiter);
    } else if (auto* option2 = as<mfxExtCodingOption2>(buffer, MFX_EXTBUFF_CODING_OPTION2)) {
        option2->BRefType = config.b_pyramid ? MFX_B_REF_PYRAMID : MFX_B_REF_OFF;
        option2->DisableDeblockingIdc = config.deblocking ? 0 : 1;
        option2->MinQPI = option2->MinQPP = option2->MinQPB =
            static_cast<mfxU8>(config.rate.qp_min);
        option2->MaxQPI = option2->MaxQPP = option2->MaxQPB =
            static_cast<mfxU8>(config.rate.qp_max);
    } else if (auto* signal = as<mfxExtVideoSignalInfo>(buffer, MFX_EXTBUFF_VIDEO_SIGNAL_INFO)) {
        constexpr mfxU16 kUnspecifiedFormat = 5;
        signal->VideoFormat = kUnspecifiedFormat;
        signal->VideoFullRange = config.colour.full_range ? 1 : 0;
        signal->ColourDescriptionPresent = config.colour.present ? 1 : 0;
        signal->ColourPrimaries = static_cast<mfxU16>(config.colour.primaries);
        signal->TransferCharacteristics = static_cast<mfxU16>(config.colour.transfer);
        signal->MatrixCoefficients = static_cast<mfxU16>(config.colour.matrix);
    }
    return MFX_ERR_NONE;
}

mfxStatus mark_ext_buffers(const mfxVideoParam& out) {
    for (mfxU16 i = 0; out.ExtParam != nullptr && i < out.NumExtParam; ++i) {
        mfxExtBuffer* buffer = out.ExtParam[i];
        if (buffer == nullptr) {
            return MFX_ERR_NULL_PTR;
        }
        const Row* known = find_row(buffer->BufferId, out.mfx.CodecId);
        if (known == nullptr) {
            return MFX_ERR_UNSUPPORTED;
        }
        known->clear(*buffer);
    }
    if (auto* option = find_ext_buffer<mfxExtCodingOption>(out, MFX_EXTBUFF_CODING_OPTION)) {
        option->CAVLC = out.mfx.CodecId == MFX_CODEC_AVC ? 1 : 0;
        option->AUDelimiter = out.mfx.CodecId != MFX_CODEC_AV1 ? 1 : 0;
    }
    if (auto* option = find_ext_buffer<mfxExtCodingOption2>(out, MFX_EXTBUFF_CODING_OPTION2)) {
        option->BRefType = option->DisableDeblockingIdc = out.mfx.CodecId != MFX_CODEC_AV1 ? 1 : 0;
        option->MinQPI = option->MinQPP = option->MinQPB = 1;
        option->MaxQPI = option->MaxQPP = option->MaxQPB = 1;
    }
    if (auto* signal = find_ext_buffer<mfxExtVideoSignalInfo>(out, MFX_EXTBUFF_VIDEO_SIGNAL_INFO)) {
        signal->VideoFullRange = signal->ColourDescriptionPresent = 1;
        signal->ColourPrimaries = signal->TransferCharacteristics = 1;
        signal->MatrixCoefficients = 1;
    }
    return MFX_ERR_NONE;
}

}  // namespace mrda::vpl::soft
