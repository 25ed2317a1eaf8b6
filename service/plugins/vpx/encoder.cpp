// SPDX-License-Identifier: MIT
#include <drm_fourcc.h>
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include <algorithm>

#include "codec.h"

namespace mrda::plugins::vpx {

namespace {

constexpr std::uint32_t kMaxQp = 63;
constexpr std::uint32_t kMaxKbps = 1'000'000;
constexpr std::uint32_t kFastestSpeed = 8;

Result<void> set_rate(const mrda_codec_config& config, vpx_codec_enc_cfg_t& out) {
    switch (config.rate_control) {
        case MRDA_RATE_CQP:
            if (config.qp > kMaxQp) {
                return make_error(Errc::invalid_argument, "QP " + std::to_string(config.qp) +
                                                              ", of at most 63 as VP9 counts here");
            }
            out.rc_end_usage = VPX_Q;
            out.rc_min_quantizer = config.qp;
            out.rc_max_quantizer = config.qp;
            return {};
        case MRDA_RATE_VBR:
            out.rc_end_usage = VPX_VBR;
            break;
        case MRDA_RATE_CBR:
            out.rc_end_usage = VPX_CBR;
            break;
        default:
            return make_error(
                Errc::unsupported,
                "rate control " + std::to_string(config.rate_control) + " is none of libvpx's");
    }
    if (config.bitrate_kbps == 0 || config.bitrate_kbps > kMaxKbps) {
        return make_error(Errc::invalid_argument,
                          "a bit rate of " + std::to_string(config.bitrate_kbps) +
                              " kbit/s; ask for 1 to " + std::to_string(kMaxKbps));
    }
    out.rc_target_bitrate = config.bitrate_kbps;
    return {};
}

/// On the library's defaults: one thread, a packet for each frame as soon as it comes.
Result<void> set_config(const mrda_codec_config& config, vpx_codec_enc_cfg_t& out) {
    const std::string profile = text_of(config.profile);
    if (!profile.empty() && profile != "0") {
        return make_error(Errc::unsupported,
                          "profile \"" + profile + "\" asked of this VP9 encoder, which has 0");
    }
    out.g_w = config.width_px;
    out.g_h = config.height_px;
    out.g_timebase = {static_cast<int>(config.fps_den), static_cast<int>(config.fps_num)};
    out.g_threads = 1;
    out.g_lag_in_frames = 0;
    out.rc_dropframe_thresh = 0;
    out.kf_min_dist = 0;
    if (config.gop_size == 0) {
        out.kf_mode = VPX_KF_DISABLED;
    } else {
        out.kf_mode = VPX_KF_AUTO;
        out.kf_max_dist = config.gop_size;
    }
    return set_rate(config, out);
}

class Encoder final : public EncoderCodec {
  public:
    Result<void> open(const mrda_codec_config& config) {
        vpx_codec_enc_cfg_t wanted;
        if (::vpx_codec_enc_config_default(::vpx_codec_vp9_cx(), &wanted, 0) != VPX_CODEC_OK) {
            return make_error(Errc::unsupported, "this libvpx has no VP9 encoder");
        }
        MRDA_TRY(set_config(config, wanted));
        if (::vpx_codec_enc_init(context_.get(), ::vpx_codec_vp9_cx(), &wanted, 0) !=
            VPX_CODEC_OK) {
            return make_error(Errc::unsupported,
                              "libvpx refuses " + std::to_string(config.width_px) + "x" +
                                  std::to_string(config.height_px) + ": " + context_.words());
        }
        const std::uint32_t speed = config.target_usage == 0
                                        ? kFastestSpeed
                                        : std::min(config.target_usage + 1, kFastestSpeed);
        vpx_codec_control(context_.get(), VP8E_SET_CPUUSED, static_cast<int>(speed));
        return {};
    }

    Result<Coded> encode(const Planes& picture, std::int64_t /*pts*/, bool key_frame) override {
        vpx_image_t image = image_of(picture);
        // Frames are counted: the library wants times that rise, the host may send any.
        const vpx_codec_err_t status =
            ::vpx_codec_encode(context_.get(), &image, count_++, 1,
                               key_frame ? VPX_EFLAG_FORCE_KF : 0, VPX_DL_REALTIME);
        if (status != VPX_CODEC_OK) {
            return make_error(Errc::internal, "libvpx does not encode: " + context_.words());
        }
        vpx_codec_iter_t iterator = nullptr;
        while (const vpx_codec_cx_pkt_t* packet =
                   ::vpx_codec_get_cx_data(context_.get(), &iterator)) {
            if (packet->kind == VPX_CODEC_CX_FRAME_PKT) {
                const auto& frame = packet->data.frame;
                return Coded{{static_cast<const std::uint8_t*>(frame.buf), frame.sz},
                             (frame.flags & VPX_FRAME_IS_KEY) != 0};
            }
        }
        return Coded{};
    }
    [[nodiscard]] std::string implementation() const override { return library_name(); }

  private:
    static vpx_image_t image_of(const Planes& picture) {
        const bool pairs = picture.drm_fourcc == DRM_FORMAT_NV12;
        vpx_image_t image{};
        ::vpx_img_wrap(&image, pairs ? VPX_IMG_FMT_NV12 : VPX_IMG_FMT_I420,
                       static_cast<unsigned>(picture.width_px),
                       static_cast<unsigned>(picture.height_px), 1, picture.data[0]);
        for (std::size_t plane = 0; plane < picture.data.size(); ++plane) {
            image.planes[plane] = picture.data[plane];
            image.stride[plane] = picture.pitch_bytes[plane];
        }
        if (pairs) {  // The second chroma sample stands behind the first.
            image.planes[VPX_PLANE_V] = picture.data[1] + 1;
            image.stride[VPX_PLANE_V] = picture.pitch_bytes[1];
        }
        return image;
    }

    Context context_;
    vpx_codec_pts_t count_ = 0;
};

}  // namespace

Result<std::unique_ptr<EncoderCodec>> open_encoder(const mrda_session_config& config) {
    auto encoder = std::make_unique<Encoder>();
    MRDA_TRY(encoder->open(config.codec));
    return std::unique_ptr<EncoderCodec>(std::move(encoder));
}

}  // namespace mrda::plugins::vpx
