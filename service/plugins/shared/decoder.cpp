// SPDX-License-Identifier: MIT
#include "shared/decoder.h"

#include <drm_fourcc.h>

#include <limits>

#include "mrda/interop/frame_layout.h"
#include "mrda/media/layout.h"

namespace mrda::plugins {

namespace {

constexpr std::uint64_t kMaxPacketBytes = std::numeric_limits<int>::max() / 2;

/// How a frame for a picture lies: even, since 4:2:0 frames are.
Result<mrda_media_layout> layout_for(const Picture& picture, std::uint32_t drm_fourcc) {
    const auto even = [](int size) { return 2 * static_cast<std::uint32_t>(half(size)); };
    MRDA_ASSIGN(const FrameLayout layout,
                FrameLayout::linear(drm_fourcc, even(picture.planes.width_px),
                                    even(picture.planes.height_px)));
    return media::to_media(layout);
}

}  // namespace

DecoderSession::DecoderSession(std::unique_ptr<DecoderCodec> codec,
                               const mrda_session_config& config)
    : codec_(std::move(codec)),
      drm_fourcc_(config.output_count > 0 && config.outputs[0].layout.drm_fourcc == DRM_FORMAT_NV12
                      ? DRM_FORMAT_NV12
                      : DRM_FORMAT_YUV420) {}

Result<void> DecoderSession::fetch() {
    if (picture_) {
        return {};
    }
    MRDA_ASSIGN(const std::optional<Picture> next, codec_->next());
    if (next) {
        MRDA_ASSIGN(layout_, layout_for(*next, drm_fourcc_));
        picture_ = next;
    }
    return {};
}

Result<int> DecoderSession::send(const mrda_media_packet* packet) {
    if (packet == nullptr) {
        if (!ended_) {
            ended_ = true;
            MRDA_TRY(codec_->finish());
        }
        return int{MRDA_MEDIA_OK};
    }
    if (ended_) {
        return make_error(Errc::invalid_argument, "a packet after the stream's end; reset first");
    }
    if (packet->data == nullptr || packet->length_bytes == 0 ||
        packet->length_bytes > kMaxPacketBytes) {
        return make_error(Errc::corrupt, "a packet of " + std::to_string(packet->length_bytes) +
                                             " bytes, or without any data");
    }
    MRDA_TRY(fetch());
    if (picture_) {
        return int{MRDA_MEDIA_TRY_AGAIN};
    }
    MRDA_TRY(codec_->decode({static_cast<const std::uint8_t*>(packet->data),
                             static_cast<std::size_t>(packet->length_bytes)},
                            packet->pts));
    MRDA_TRY(fetch());
    return int{MRDA_MEDIA_OK};
}

Result<int> DecoderSession::describe(mrda_media_layout& layout) {
    MRDA_TRY(fetch());
    if (!layout_) {
        return int{MRDA_MEDIA_TRY_AGAIN};
    }
    layout = *layout_;
    return int{MRDA_MEDIA_OK};
}

Result<int> DecoderSession::receive(mrda_frame& frame) {
    MRDA_TRY(fetch());
    if (!picture_) {
        return ended_ ? int{MRDA_MEDIA_END} : int{MRDA_MEDIA_SEND_MORE};
    }
    MRDA_ASSIGN(const Planes planes, planes_of(frame));
    MRDA_TRY(crop(planes, picture_->planes.width_px, picture_->planes.height_px));
    copied_bytes_ += copy_picture(picture_->planes, planes);
    frame.pts = picture_->pts;
    frame.flags = picture_->key_frame ? std::uint32_t{MRDA_FRAME_KEY} : 0U;
    picture_.reset();
    return int{MRDA_MEDIA_OK};
}

Result<void> DecoderSession::reset() {
    picture_.reset();
    layout_.reset();
    ended_ = false;
    return codec_->reset();
}

void DecoderSession::report(mrda_media_report& report) const {
    media::copy_text(report.implementation, codec_->implementation());
    media::copy_text(report.path, "map");
    media::copy_text(report.path_reason, "not direct: later pictures refer to the library's own");
    report.codec_copied_bytes = copied_bytes_;
}

Error corrupt_packet(const std::string& codec, const std::string& words) {
    return make_error(Errc::corrupt, "a packet that " + codec + " cannot decode (" + words +
                                         "); go on with the next key frame");
}

namespace decoder_face {

int send_packet(void* data, const mrda_media_packet* packet, mrda_media_error* error) {
    return answer(error, [&] { return session_of<DecoderSession>(data).send(packet); });
}

int receive_frame(void* data, std::uint32_t output, std::uint64_t /*timeout_ns*/, mrda_frame* frame,
                  mrda_media_error* error) {
    return answer(error, [&]() -> Result<int> {
        if (output != 0) {
            return make_error(Errc::invalid_argument, "output " + std::to_string(output) +
                                                          " of a decoder, which has 0 alone");
        }
        return session_of<DecoderSession>(data).receive(*frame);
    });
}

int describe(void* data, mrda_media_layout* layout, mrda_media_error* error) {
    return answer(error, [&] { return session_of<DecoderSession>(data).describe(*layout); });
}

int reset(void* data, mrda_media_error* error) {
    return answer(error, [&]() -> Result<int> {
        MRDA_TRY(session_of<DecoderSession>(data).reset());
        return int{MRDA_MEDIA_OK};
    });
}

void report(const void* data, mrda_media_report* report) {
    attempt([&] { static_cast<const Data<DecoderSession>*>(data)->session->report(*report); });
}

void close(void* data) {
    delete static_cast<Data<DecoderSession>*>(data)->session;
}

}  // namespace decoder_face

}  // namespace mrda::plugins
