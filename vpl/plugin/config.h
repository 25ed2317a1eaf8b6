// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"
#include "mrda/vpl/encoder.h"

namespace mrda::vpl::plugin {

/// What a host asks for, in the toolkit's words.
struct Config {
    EncoderConfig encoder;
    FrameLayout layout;
    std::vector<const mrda_buffer*> buffers;  ///< Frames come in these, and in no others.
    std::string device;
    std::string path;  ///< Empty: the best there is.
};

/// Errors: invalid_argument or unsupported, naming the field.
Result<Config> read_config(const mrda_session_config& config);

}  // namespace mrda::vpl::plugin
