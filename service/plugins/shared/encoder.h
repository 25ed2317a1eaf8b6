// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "shared/answer.h"
#include "shared/planes.h"

namespace mrda::plugins {

struct Coded {
    std::span<const std::uint8_t> data;  ///< The codec's until its next call. Empty: dropped.
    bool key_frame = false;
};

/// A library that codes each picture before it is given the next one.
class EncoderCodec {
  public:
    virtual ~EncoderCodec() = default;

    virtual Result<Coded> encode(const Planes& picture, std::int64_t pts, bool key_frame) = 0;
    [[nodiscard]] virtual std::string implementation() const = 0;
    /// Of pixels, because the library takes no such format.
    [[nodiscard]] virtual std::uint64_t converted_bytes() const { return 0; }
};

/// An encoder session around a codec. A frame is coded where the host's thread waits for its
/// packet, in receive; so send never waits, and takes one frame at a time.
class EncoderSession {
  public:
    /// Errors: invalid_argument (size, frame rate, no frames, frames too small), unsupported
    /// (another path, B frames).
    static Result<void> check(const mrda_session_config& config);

    EncoderSession(std::unique_ptr<EncoderCodec> codec, const mrda_codec_config& config)
        : codec_(std::move(codec)),
          width_px_(static_cast<int>(config.width_px)),
          height_px_(static_cast<int>(config.height_px)) {}

    Result<int> send(const mrda_frame* frame);
    Result<int> receive(mrda_media_packet& packet);
    std::optional<std::uint32_t> take_done();
    void reset();
    void report(mrda_media_report& report) const;

  private:
    std::unique_ptr<EncoderCodec> codec_;
    int width_px_;
    int height_px_;
    std::optional<HeldFrame> held_;
    std::deque<std::uint32_t> done_;
    bool key_next_ = true;
    bool ended_ = false;
};

/// The C face of an EncoderSession, but for init.
namespace encoder_face {
int send_frame(void* data, const mrda_frame* frame, mrda_media_error* error);
int receive_packet(void* data, std::uint64_t timeout_ns, mrda_media_packet* packet,
                   mrda_media_error* error);
int take_done(void* data, std::uint32_t* index);
int reset(void* data, mrda_media_error* error);
void report(const void* data, mrda_media_report* report);
void close(void* data);
}  // namespace encoder_face

using OpenEncoder = Result<std::unique_ptr<EncoderCodec>> (*)(const mrda_session_config& config);

template <OpenEncoder open>
int init_encoder(void* data, const mrda_session_config* config, mrda_media_error* error) {
    return answer(error, [&]() -> Result<int> {
        MRDA_TRY(EncoderSession::check(*config));
        MRDA_ASSIGN(auto codec, open(*config));
        static_cast<Data<EncoderSession>*>(data)->session =
            new EncoderSession(std::move(codec), config->codec);
        return int{MRDA_MEDIA_OK};
    });
}

/// The kind whose codec comes from `open`, which is called with what check() let pass.
template <OpenEncoder open>
constexpr mrda_session_kind encoder_kind(const char* const* codecs) {
    return {.size_bytes = sizeof(mrda_session_kind),
            .type = MRDA_SESSION_ENCODER,
            .codecs = codecs,
            .inputs = kFormats,
            .input_memory = MRDA_MEMORY_PAGES,
            .session_bytes = sizeof(Data<EncoderSession>),
            .init = init_encoder<open>,
            .send_frame = encoder_face::send_frame,
            .receive_packet = encoder_face::receive_packet,
            .take_done = encoder_face::take_done,
            .reset = encoder_face::reset,
            .report = encoder_face::report,
            .close = encoder_face::close};
}

}  // namespace mrda::plugins
