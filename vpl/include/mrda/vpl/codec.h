// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include "mrda/interop/result.h"

namespace mrda::vpl {

enum class Codec : std::uint8_t { avc, hevc, av1 };

/// What people and tools call it: "h264", "hevc", "av1".
std::string_view to_string(Codec codec);
/// "h264"/"avc", "h265"/"hevc", "av1".
Result<Codec> parse_codec(std::string_view text);
/// oneVPL's MFX_CODEC_* name for it.
std::uint32_t mfx_codec_id(Codec codec);

}  // namespace mrda::vpl
