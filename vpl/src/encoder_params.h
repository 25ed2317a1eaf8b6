// SPDX-License-Identifier: MIT
#pragma once

#include <vpl/mfx.h>

#include "mrda/interop/result.h"
#include "mrda/vpl/encoder.h"

namespace mrda::vpl {

/// oneVPL's parameters for `config`, with surfaces of `drm_fourcc`. Checks only what oneVPL cannot.
Result<mfxVideoParam> to_video_param(const EncoderConfig& config, std::uint32_t drm_fourcc);

/// Asks the runtime whether it takes `wanted`, which are `config`'s; returns what it makes of them.
/// Errors: unsupported, naming the first parameter that the runtime would change; for a size or a
/// rate, which ones it takes.
Result<mfxVideoParam> query(const Session& session, const mfxVideoParam& wanted,
                            const EncoderConfig& config);

}  // namespace mrda::vpl
