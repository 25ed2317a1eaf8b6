// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"
#include "mrda/vpl/encoder.h"

namespace mrda::vpl::plugin {

/// What a host asks for, in the toolkit's words.
struct Config {
    EncoderConfig encoder;
    FrameLayout layout;
    mrda_media_slots slots;
    std::string device;
    std::string path;  ///< Empty: the best there is.
};

/// Errors: invalid_argument or unsupported, naming the field.
Result<Config> read_config(const mrda_encoder_config& config);

}  // namespace mrda::vpl::plugin
