// SPDX-License-Identifier: MIT
// AV1 by VideoLAN's dav1d.
#include <dav1d/dav1d.h>
#include <drm_fourcc.h>

#include <cstring>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/owned.h"
#include "shared/decoder.h"

namespace mrda::plugins::dav1d {

namespace {

struct DecoderPolicy {
    using Handle = Dav1dContext*;
    static Handle null() { return nullptr; }
    static void close(Handle context) { ::dav1d_close(&context); }
};

bool is_again(int status) {
    return status == DAV1D_ERR(EAGAIN);
}

Result<void> check_picture(const Dav1dPictureParameters& picture) {
    if (picture.bpc != 8 || picture.layout != DAV1D_PIXEL_LAYOUT_I420) {
        return make_error(Errc::unsupported, "an AV1 picture of " + std::to_string(picture.bpc) +
                                                 " bits, chroma layout " +
                                                 std::to_string(picture.layout) +
                                                 "; this decoder gives 8 bits and 4:2:0 (1) alone");
    }
    return {};
}

class Decoder final : public DecoderCodec {
  public:
    explicit Decoder(Owned<DecoderPolicy> context) : context_(std::move(context)) {}
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    ~Decoder() override { ::dav1d_picture_unref(&picture_); }

    Result<void> decode(std::span<const std::uint8_t> packet, std::int64_t pts) override {
        Dav1dData data{};
        std::uint8_t* const bytes = ::dav1d_data_create(&data, packet.size());
        if (bytes == nullptr) {
            return make_error(Errc::out_of_memory,
                              "no memory for a packet of " + std::to_string(packet.size()));
        }
        std::memcpy(bytes, packet.data(), packet.size());
        data.m.timestamp = pts;
        const int status = ::dav1d_send_data(context_.get(), &data);
        ::dav1d_data_unref(&data);  // What the library took is its own.
        if (status < 0) {
            return corrupt_packet("dav1d", std::strerror(DAV1D_ERR(status)));
        }
        return {};
    }
    Result<void> finish() override { return {}; }  // A picture comes with its packet.
    Result<std::optional<Picture>> next() override {
        ::dav1d_picture_unref(&picture_);
        const int status = ::dav1d_get_picture(context_.get(), &picture_);
        if (is_again(status)) {
            return std::optional<Picture>();
        }
        if (status < 0) {
            return corrupt_packet("dav1d", std::strerror(DAV1D_ERR(status)));
        }
        MRDA_TRY(check_picture(picture_.p));
        const auto plane = [this](std::size_t number) {
            return static_cast<const std::uint8_t*>(picture_.data[number]);
        };
        const auto luma_pitch = static_cast<int>(picture_.stride[0]);
        const auto chroma_pitch = static_cast<int>(picture_.stride[1]);
        const ConstPlanes planes{DRM_FORMAT_YUV420,
                                 picture_.p.w,
                                 picture_.p.h,
                                 {plane(0), plane(1), plane(2)},
                                 {luma_pitch, chroma_pitch, chroma_pitch}};
        return std::optional(Picture{planes, picture_.m.timestamp,
                                     picture_.frame_hdr->frame_type == DAV1D_FRAME_TYPE_KEY});
    }
    Result<void> reset() override {
        ::dav1d_picture_unref(&picture_);
        ::dav1d_flush(context_.get());
        return {};
    }
    [[nodiscard]] std::string implementation() const override {
        return std::string("dav1d ") + ::dav1d_version();
    }

  private:
    Owned<DecoderPolicy> context_;
    Dav1dPicture picture_{};
};

/// One thread: what runs side by side is sessions.
Result<std::unique_ptr<DecoderCodec>> open() {
    Dav1dSettings settings;
    ::dav1d_default_settings(&settings);
    settings.n_threads = 1;
    settings.max_frame_delay = 1;
    settings.all_layers = 0;
    settings.frame_size_limit = kMaxDimensionPx * kMaxDimensionPx;
    settings.logger.callback = nullptr;
    Dav1dContext* context = nullptr;
    const int status = ::dav1d_open(&context, &settings);
    if (status < 0) {
        return make_error(Errc::out_of_memory,
                          std::string("dav1d does not open: ") + std::strerror(DAV1D_ERR(status)));
    }
    return std::unique_ptr<DecoderCodec>(std::make_unique<Decoder>(Owned<DecoderPolicy>(context)));
}

constexpr const char* kCodecs[] = {"av1", nullptr};
constexpr mrda_session_kind kDecoder = decoder_kind<open>(kCodecs);
constexpr const mrda_session_kind* kKinds[] = {&kDecoder, nullptr};
constexpr mrda_plugin kPlugin{.size_bytes = sizeof(mrda_plugin),
                              .abi = MRDA_PLUGIN_ABI,
                              .name = "dav1d",
                              .version = "1",
                              .kinds = kKinds};

}  // namespace

}  // namespace mrda::plugins::dav1d

extern "C" [[gnu::visibility("default")]] const mrda_plugin* mrda_plugin_entry(
    std::uint32_t /*host_abi*/) {
    return &mrda::plugins::dav1d::kPlugin;
}
