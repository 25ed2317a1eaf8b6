// SPDX-License-Identifier: MIT
#pragma once

#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"
#include "mrda/vaapi/video_processor.h"

namespace mrda::vaapi::plugin {

/// Errors: invalid_argument (a scaler has no parameters).
Result<void> check_scaler(const mrda_session_config& config);

/// What a filter was asked to do with its pictures, in `processor`'s values. Errors:
/// invalid_argument (an unknown name or value, a session with another size on its two sides),
/// unsupported (a filter that the driver has not).
Result<ProcessOptions> read_filter(const mrda_session_config& config,
                                   const VideoProcessor& processor);

}  // namespace mrda::vaapi::plugin
