// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "shared/answer.h"
#include "shared/planes.h"

namespace mrda::plugins {

/// A decoded picture, of any size, odd ones too.
struct Picture {
    ConstPlanes planes;
    std::int64_t pts = 0;
    bool key_frame = false;
};

/// A library that decodes.
class DecoderCodec {
  public:
    virtual ~DecoderCodec() = default;

    /// Reads a packet; next() has nothing when this is called. Errors: corrupt; the next key frame
    /// mends it.
    virtual Result<void> decode(std::span<const std::uint8_t> packet, std::int64_t pts) = 0;
    /// The stream ends: what is kept for its order comes out.
    virtual Result<void> finish() = 0;
    /// The next picture; it is the codec's until the next call. Errors: corrupt, unsupported; the
    /// picture is dropped.
    virtual Result<std::optional<Picture>> next() = 0;
    virtual Result<void> reset() = 0;
    [[nodiscard]] virtual std::string implementation() const = 0;
};

/// A decoder session around a codec. A packet is decoded when it is sent, so that describe knows of
/// its picture; while a picture waits no other packet is taken.
class DecoderSession {
  public:
    /// Frames are described in the format of the output pool's layout, or as I420.
    DecoderSession(std::unique_ptr<DecoderCodec> codec, const mrda_session_config& config);

    Result<int> send(const mrda_media_packet* packet);
    Result<int> describe(mrda_media_layout& layout);
    Result<int> receive(mrda_frame& frame);
    Result<void> reset();
    void report(mrda_media_report& report) const;

  private:
    /// Sees to it that picture_ is the next one, if there is any.
    Result<void> fetch();

    std::unique_ptr<DecoderCodec> codec_;
    std::uint32_t drm_fourcc_;
    std::optional<Picture> picture_;
    std::optional<mrda_media_layout> layout_;  // As the last picture should have lain.
    std::uint64_t copied_bytes_ = 0;
    bool ended_ = false;
};

/// The C face of a DecoderSession, but for init.
namespace decoder_face {
int send_packet(void* data, const mrda_media_packet* packet, mrda_media_error* error);
int receive_frame(void* data, std::uint32_t output, std::uint64_t timeout_ns, mrda_frame* frame,
                  mrda_media_error* error);
int describe(void* data, mrda_media_layout* layout, mrda_media_error* error);
int reset(void* data, mrda_media_error* error);
void report(const void* data, mrda_media_report* report);
void close(void* data);
}  // namespace decoder_face

using OpenDecoder = Result<std::unique_ptr<DecoderCodec>> (*)();

template <OpenDecoder open>
int init_decoder(void* data, const mrda_session_config* config, mrda_media_error* error) {
    return answer(error, [&]() -> Result<int> {
        MRDA_TRY(check_path(*config, "map"));
        MRDA_TRY(media::check_parameters(*config, {}));
        MRDA_ASSIGN(auto codec, open());
        static_cast<Data<DecoderSession>*>(data)->session =
            new DecoderSession(std::move(codec), *config);
        return int{MRDA_MEDIA_OK};
    });
}

/// The kind whose codec comes from `open`.
template <OpenDecoder open>
constexpr mrda_session_kind decoder_kind(const char* const* codecs) {
    return {.size_bytes = sizeof(mrda_session_kind),
            .type = MRDA_SESSION_DECODER,
            .codecs = codecs,
            .outputs = kFormats,
            .output_memory = MRDA_MEMORY_PAGES,
            .session_bytes = sizeof(Data<DecoderSession>),
            .init = init_decoder<open>,
            .send_packet = decoder_face::send_packet,
            .receive_frame = decoder_face::receive_frame,
            .describe = decoder_face::describe,
            .reset = decoder_face::reset,
            .report = decoder_face::report,
            .close = decoder_face::close};
}

/// "corrupt" of a packet, in the codec's words. Errors alone: what is meant for a Result.
Error corrupt_packet(const std::string& codec, const std::string& words);

}  // namespace mrda::plugins
