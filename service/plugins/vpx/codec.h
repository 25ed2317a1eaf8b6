// SPDX-License-Identifier: MIT
#pragma once

#include <vpx/vpx_codec.h>

#include <memory>
#include <string>

#include "shared/decoder.h"
#include "shared/encoder.h"

namespace mrda::plugins::vpx {

/// A context of the library, which is used where it stands.
class Context {
  public:
    Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { close(); }

    void close() {
        if (context_.iface != nullptr) {
            ::vpx_codec_destroy(&context_);
        }
        context_ = {};
    }
    [[nodiscard]] vpx_codec_ctx_t* get() { return &context_; }
    /// What went wrong last, in its words.
    [[nodiscard]] std::string words() {
        const char* const detail = ::vpx_codec_error_detail(&context_);
        return std::string(::vpx_codec_error(&context_)) +
               (detail == nullptr ? "" : std::string(": ") + detail);
    }

  private:
    vpx_codec_ctx_t context_{};
};

/// Errors: unsupported (a profile or rate control that it has not, what the library refuses),
/// invalid_argument (a QP beyond 63).
Result<std::unique_ptr<EncoderCodec>> open_encoder(const mrda_session_config& config);
Result<std::unique_ptr<DecoderCodec>> open_decoder();

/// "libvpx v1.12.0"
std::string library_name();

}  // namespace mrda::plugins::vpx
