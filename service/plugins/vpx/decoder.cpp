// SPDX-License-Identifier: MIT
#include <drm_fourcc.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>

#include "codec.h"
#include "mrda/interop/frame_layout.h"

namespace mrda::plugins::vpx {

namespace {

class Decoder final : public DecoderCodec {
  public:
    Result<void> open() {
        const vpx_codec_dec_cfg_t wanted{.threads = 1, .w = 0, .h = 0};
        if (::vpx_codec_dec_init(context_.get(), ::vpx_codec_vp9_dx(), &wanted, 0) !=
            VPX_CODEC_OK) {
            return make_error(Errc::unsupported,
                              "libvpx's VP9 decoder does not open: " + context_.words());
        }
        return {};
    }

    Result<void> decode(std::span<const std::uint8_t> packet, std::int64_t pts) override {
        const auto bytes = static_cast<unsigned>(packet.size());
        vpx_codec_stream_info_t info{};
        info.sz = sizeof info;
        if (::vpx_codec_peek_stream_info(::vpx_codec_vp9_dx(), packet.data(), bytes, &info) !=
            VPX_CODEC_OK) {
            return corrupt_packet("libvpx", "it begins with no frame header");
        }
        // Debian's libvpx refuses these itself, others only run out of memory.
        if (info.w > kMaxDimensionPx || info.h > kMaxDimensionPx) {
            return make_error(Errc::unsupported, "a VP9 picture of " + std::to_string(info.w) +
                                                     "x" + std::to_string(info.h) + ", beyond " +
                                                     std::to_string(kMaxDimensionPx));
        }
        if (::vpx_codec_decode(context_.get(), packet.data(), bytes, nullptr, 0) != VPX_CODEC_OK) {
            return corrupt_packet("libvpx", context_.words());
        }
        pts_ = pts;
        key_frame_ = info.is_kf != 0;
        iterator_ = nullptr;
        decoded_ = true;
        return {};
    }
    Result<void> finish() override { return {}; }  // A picture comes with its packet.
    Result<std::optional<Picture>> next() override {
        const vpx_image_t* const image =
            decoded_ ? ::vpx_codec_get_frame(context_.get(), &iterator_) : nullptr;
        if (image == nullptr) {
            decoded_ = false;
            return std::optional<Picture>();
        }
        if (image->fmt != VPX_IMG_FMT_I420) {
            return make_error(Errc::unsupported,
                              "a VP9 picture of " + std::to_string(image->bit_depth) +
                                  " bits, libvpx's format " + std::to_string(image->fmt) +
                                  "; this decoder gives 8 bits and 4:2:0 alone");
        }
        const ConstPlanes planes{DRM_FORMAT_YUV420,
                                 static_cast<int>(image->d_w),
                                 static_cast<int>(image->d_h),
                                 {image->planes[0], image->planes[1], image->planes[2]},
                                 {image->stride[0], image->stride[1], image->stride[2]}};
        return std::optional(Picture{planes, pts_, key_frame_});
    }
    Result<void> reset() override {
        context_.close();
        decoded_ = false;
        return open();
    }
    [[nodiscard]] std::string implementation() const override { return library_name(); }

  private:
    Context context_;
    vpx_codec_iter_t iterator_ = nullptr;
    std::int64_t pts_ = 0;  // Of the last packet, and so of its picture.
    bool key_frame_ = false;
    bool decoded_ = false;
};

}  // namespace

Result<std::unique_ptr<DecoderCodec>> open_decoder() {
    auto decoder = std::make_unique<Decoder>();
    MRDA_TRY(decoder->open());
    return std::unique_ptr<DecoderCodec>(std::move(decoder));
}

}  // namespace mrda::plugins::vpx
