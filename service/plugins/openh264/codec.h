// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "shared/decoder.h"
#include "shared/encoder.h"

namespace mrda::plugins::openh264 {

/// Errors: unsupported (a profile or rate control that it has not, what the library refuses),
/// invalid_argument (a QP beyond 51).
Result<std::unique_ptr<EncoderCodec>> open_encoder(const mrda_session_config& config);
Result<std::unique_ptr<DecoderCodec>> open_decoder();

/// "openh264 2.3.1"
std::string library_name();

}  // namespace mrda::plugins::openh264
