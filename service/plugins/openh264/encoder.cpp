// SPDX-License-Identifier: MIT
#include <drm_fourcc.h>
#include <wels/codec_api.h>

#include <array>
#include <string_view>
#include <vector>

#include "codec.h"
#include "mrda/interop/owned.h"

namespace mrda::plugins::openh264 {

namespace {

constexpr std::uint32_t kMaxQp = 51;
constexpr std::uint32_t kMaxKbps = 1'000'000;  // The library counts bits in int.
constexpr std::int64_t kTicksPerMs = 90;

struct EncoderPolicy {
    using Handle = ISVCEncoder*;
    static Handle null() { return nullptr; }
    static void close(Handle encoder) {
        encoder->Uninitialize();
        ::WelsDestroySVCEncoder(encoder);
    }
};

struct ProfileRow {
    std::string_view name;
    EProfileIdc profile;
    int cabac;
};
// The first one where none is asked for.
constexpr std::array kProfiles{
    ProfileRow{"high", PRO_HIGH, 1},
    ProfileRow{"main", PRO_MAIN, 1},
    ProfileRow{"baseline", PRO_BASELINE, 0},
};

Result<ProfileRow> profile_of(const std::string& name) {
    for (const ProfileRow& row : kProfiles) {
        if (name.empty() || name == row.name) {
            return row;
        }
    }
    return make_error(Errc::unsupported, "profile \"" + name +
                                             "\" asked of openh264, which has baseline, main and "
                                             "high");
}

Result<void> set_rate(const mrda_codec_config& config, SEncParamExt& params) {
    SSpatialLayerConfig& layer = params.sSpatialLayers[0];
    switch (config.rate_control) {
        case MRDA_RATE_CQP:
            if (config.qp > kMaxQp) {
                return make_error(Errc::invalid_argument,
                                  "QP " + std::to_string(config.qp) + ", of at most 51");
            }
            params.iRCMode = RC_OFF_MODE;
            layer.iDLayerQp = static_cast<int>(config.qp);
            return {};
        case MRDA_RATE_VBR:
            params.iRCMode = RC_QUALITY_MODE;
            break;
        case MRDA_RATE_CBR:
            params.iRCMode = RC_BITRATE_MODE;
            break;
        default:
            return make_error(
                Errc::unsupported,
                "rate control " + std::to_string(config.rate_control) + " is none of openh264's");
    }
    if (config.bitrate_kbps == 0 || config.bitrate_kbps > kMaxKbps) {
        return make_error(Errc::invalid_argument,
                          "a bit rate of " + std::to_string(config.bitrate_kbps) +
                              " kbit/s; ask for 1 to " + std::to_string(kMaxKbps));
    }
    params.iTargetBitrate = static_cast<int>(config.bitrate_kbps) * 1000;
    layer.iSpatialBitrate = params.iTargetBitrate;
    return {};
}

ECOMPLEXITY_MODE complexity_of(std::uint32_t target_usage) {
    if (target_usage == 0 || target_usage > 5) {
        return LOW_COMPLEXITY;
    }
    return target_usage < 3 ? HIGH_COMPLEXITY : MEDIUM_COMPLEXITY;
}

/// On the library's defaults: one layer, one slice, one thread, and every frame coded.
Result<void> set_params(const mrda_codec_config& config, SEncParamExt& params) {
    MRDA_ASSIGN(const ProfileRow profile, profile_of(text_of(config.profile)));
    params.iUsageType = CAMERA_VIDEO_REAL_TIME;
    params.iPicWidth = static_cast<int>(config.width_px);
    params.iPicHeight = static_cast<int>(config.height_px);
    params.fMaxFrameRate = static_cast<float>(config.fps_num) / static_cast<float>(config.fps_den);
    params.iComplexityMode = complexity_of(config.target_usage);
    params.uiIntraPeriod = config.gop_size;
    params.iNumRefFrame =
        config.num_ref_frames == 0 ? AUTO_REF_PIC_COUNT : static_cast<int>(config.num_ref_frames);
    params.iEntropyCodingModeFlag = profile.cabac;
    params.eSpsPpsIdStrategy = CONSTANT_ID;
    params.bEnableFrameSkip = false;
    params.bEnableSceneChangeDetect = false;  // It would make key frames that nobody asked for.
    params.iMultipleThreadIdc = 1;
    SSpatialLayerConfig& layer = params.sSpatialLayers[0];
    layer.iVideoWidth = params.iPicWidth;
    layer.iVideoHeight = params.iPicHeight;
    layer.fFrameRate = params.fMaxFrameRate;
    layer.uiProfileIdc = profile.profile;
    return set_rate(config, params);
}

class Encoder final : public EncoderCodec {
  public:
    explicit Encoder(Owned<EncoderPolicy> encoder) : encoder_(std::move(encoder)) {}

    Result<Coded> encode(const Planes& picture, std::int64_t pts, bool key_frame) override {
        if (key_frame) {
            encoder_.get()->ForceIntraFrame(true);
        }
        const Planes input = as_i420(picture);
        SSourcePicture source{};
        source.iColorFormat = videoFormatI420;
        source.iPicWidth = input.width_px;
        source.iPicHeight = input.height_px;
        source.uiTimeStamp = pts / kTicksPerMs;
        for (std::size_t plane = 0; plane < input.data.size(); ++plane) {
            source.pData[plane] = input.data[plane];
            source.iStride[plane] = input.pitch_bytes[plane];
        }
        SFrameBSInfo info{};
        const int status = encoder_.get()->EncodeFrame(&source, &info);
        if (status != cmResultSuccess) {
            return make_error(Errc::internal,
                              "openh264's EncodeFrame failed with " + std::to_string(status));
        }
        join(info);
        return Coded{packet_, info.eFrameType == videoFrameTypeIDR};
    }
    [[nodiscard]] std::string implementation() const override { return library_name(); }
    [[nodiscard]] std::uint64_t converted_bytes() const override { return converted_bytes_; }

  private:
    /// The library takes no NV12.
    Planes as_i420(const Planes& picture) {
        if (picture.drm_fourcc == DRM_FORMAT_YUV420) {
            return picture;
        }
        const auto luma = static_cast<std::size_t>(picture.width_px) *
                          static_cast<std::size_t>(picture.height_px);
        scratch_.resize(luma * 3 / 2);
        Planes made{DRM_FORMAT_YUV420,
                    picture.width_px,
                    picture.height_px,
                    {scratch_.data(), scratch_.data() + luma, scratch_.data() + luma * 5 / 4},
                    {picture.width_px, picture.width_px / 2, picture.width_px / 2}};
        converted_bytes_ += copy_picture(picture, made);
        return made;
    }
    void join(const SFrameBSInfo& info) {
        packet_.clear();
        for (int number = 0; number < info.iLayerNum; ++number) {
            const SLayerBSInfo& layer = info.sLayerInfo[number];
            std::size_t bytes = 0;
            for (int nal = 0; nal < layer.iNalCount; ++nal) {
                bytes += static_cast<std::size_t>(layer.pNalLengthInByte[nal]);
            }
            packet_.insert(packet_.end(), layer.pBsBuf, layer.pBsBuf + bytes);
        }
    }

    Owned<EncoderPolicy> encoder_;
    std::vector<std::uint8_t> scratch_;
    std::vector<std::uint8_t> packet_;
    std::uint64_t converted_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<EncoderCodec>> open_encoder(const mrda_session_config& config) {
    ISVCEncoder* made = nullptr;
    if (::WelsCreateSVCEncoder(&made) != 0 || made == nullptr) {
        return make_error(Errc::out_of_memory, "openh264 makes no encoder");
    }
    Owned<EncoderPolicy> encoder(made);
    int quiet = WELS_LOG_QUIET;
    made->SetOption(ENCODER_OPTION_TRACE_LEVEL, &quiet);
    SEncParamExt params{};
    made->GetDefaultParams(&params);
    MRDA_TRY(set_params(config.codec, params));
    const int status = made->InitializeExt(&params);
    if (status != cmResultSuccess) {
        return make_error(Errc::unsupported,
                          "openh264 refuses " + std::to_string(params.iPicWidth) + "x" +
                              std::to_string(params.iPicHeight) + " at " +
                              std::to_string(params.fMaxFrameRate) + " frames a second (status " +
                              std::to_string(status) + "); it codes up to 3840x2160");
    }
    return std::unique_ptr<EncoderCodec>(std::make_unique<Encoder>(std::move(encoder)));
}

}  // namespace mrda::plugins::openh264
