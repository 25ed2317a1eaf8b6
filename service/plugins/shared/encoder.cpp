// SPDX-License-Identifier: MIT
#include "shared/encoder.h"

#include "mrda/interop/frame_layout.h"

namespace mrda::plugins {

namespace {

Result<void> check_size(const mrda_codec_config& codec) {
    const auto good = [](std::uint32_t size) {
        return size != 0 && size <= kMaxDimensionPx && size % 2 == 0;
    };
    if (!good(codec.width_px) || !good(codec.height_px)) {
        return make_error(Errc::invalid_argument,
                          "a picture of " + std::to_string(codec.width_px) + "x" +
                              std::to_string(codec.height_px) +
                              ": width and height must be even, and lie between 2 and " +
                              std::to_string(kMaxDimensionPx));
    }
    return {};
}

/// Whether there are frames, and each holds the picture.
Result<void> check_input(const mrda_pool& input, const mrda_codec_config& codec) {
    if (input.buffer_count == 0) {
        return make_error(Errc::invalid_argument, "no buffers to encode from");
    }
    if (codec.width_px > input.layout.width_px || codec.height_px > input.layout.height_px) {
        return make_error(Errc::invalid_argument, "a picture of " + std::to_string(codec.width_px) +
                                                      "x" + std::to_string(codec.height_px) +
                                                      " in frames of " +
                                                      std::to_string(input.layout.width_px) + "x" +
                                                      std::to_string(input.layout.height_px));
    }
    return {};
}

}  // namespace

Result<void> EncoderSession::check(const mrda_session_config& config) {
    const mrda_codec_config& codec = config.codec;
    MRDA_TRY(check_path(config, "direct"));
    MRDA_TRY(media::check_parameters(config, {}));
    MRDA_TRY(check_size(codec));
    MRDA_TRY(check_input(config.input, codec));
    if (codec.fps_num == 0 || codec.fps_den == 0) {
        return make_error(Errc::invalid_argument, "a frame rate of " +
                                                      std::to_string(codec.fps_num) + "/" +
                                                      std::to_string(codec.fps_den));
    }
    if (codec.gop_ref_dist > 1) {
        return make_error(Errc::unsupported, "B frames asked (GOP reference distance " +
                                                 std::to_string(codec.gop_ref_dist) +
                                                 "); this encoder has none, ask for 1");
    }
    return {};
}

Result<int> EncoderSession::send(const mrda_frame* frame) {
    if (frame == nullptr) {
        ended_ = true;
        return int{MRDA_MEDIA_OK};
    }
    if (ended_) {
        return make_error(Errc::invalid_argument, "a frame after the stream's end; reset first");
    }
    if (held_) {
        return int{MRDA_MEDIA_TRY_AGAIN};
    }
    MRDA_ASSIGN(HeldFrame held, hold(*frame));
    MRDA_ASSIGN(held.planes, crop(held.planes, width_px_, height_px_));
    held_ = held;
    return int{MRDA_MEDIA_OK};
}

Result<int> EncoderSession::receive(mrda_media_packet& packet) {
    if (!held_) {
        return ended_ ? int{MRDA_MEDIA_END} : int{MRDA_MEDIA_SEND_MORE};
    }
    const HeldFrame frame = *held_;
    done_.push_back(frame.index);
    held_.reset();
    const bool key_frame = key_next_ || (frame.flags & MRDA_FRAME_KEY) != 0;
    MRDA_ASSIGN(const Coded coded, codec_->encode(frame.planes, frame.pts, key_frame));
    if (coded.data.empty()) {
        return ended_ ? int{MRDA_MEDIA_END} : int{MRDA_MEDIA_SEND_MORE};
    }
    key_next_ = false;
    packet = {.data = coded.data.data(),
              .length_bytes = coded.data.size(),
              .pts = frame.pts,
              .dts = frame.pts,
              .flags = coded.key_frame ? std::uint32_t{MRDA_FRAME_KEY} : 0U,
              .reserved = 0};
    return int{MRDA_MEDIA_OK};
}

std::optional<std::uint32_t> EncoderSession::take_done() {
    if (done_.empty()) {
        return std::nullopt;
    }
    const std::uint32_t index = done_.front();
    done_.pop_front();
    return index;
}

void EncoderSession::reset() {
    held_.reset();
    done_.clear();
    key_next_ = true;
    ended_ = false;
}

void EncoderSession::report(mrda_media_report& report) const {
    media::copy_text(report.implementation, codec_->implementation());
    media::copy_text(report.path, "direct");
    report.codec_copied_bytes = codec_->converted_bytes();
}

namespace encoder_face {

int send_frame(void* data, const mrda_frame* frame, mrda_media_error* error) {
    return answer(error, [&] { return session_of<EncoderSession>(data).send(frame); });
}

int receive_packet(void* data, std::uint64_t /*timeout_ns*/, mrda_media_packet* packet,
                   mrda_media_error* error) {
    return answer(error, [&] { return session_of<EncoderSession>(data).receive(*packet); });
}

int take_done(void* data, std::uint32_t* index) {
    const auto done = session_of<EncoderSession>(data).take_done();
    *index = done.value_or(0);
    return done ? 1 : 0;
}

int reset(void* data, mrda_media_error* /*error*/) {
    session_of<EncoderSession>(data).reset();
    return MRDA_MEDIA_OK;
}

void report(const void* data, mrda_media_report* report) {
    attempt([&] { static_cast<const Data<EncoderSession>*>(data)->session->report(*report); });
}

void close(void* data) {
    delete static_cast<Data<EncoderSession>*>(data)->session;
}

}  // namespace encoder_face

}  // namespace mrda::plugins
