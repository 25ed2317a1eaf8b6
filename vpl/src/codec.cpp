// SPDX-License-Identifier: MIT
#include "mrda/vpl/codec.h"

#include <vpl/mfx.h>

#include <string>

namespace mrda::vpl {

std::string_view to_string(Codec codec) {
    switch (codec) {
        case Codec::avc:
            return "h264";
        case Codec::hevc:
            return "hevc";
        case Codec::av1:
            return "av1";
    }
    return "unknown";
}

Result<Codec> parse_codec(std::string_view text) {
    if (text == "h264" || text == "avc") {
        return Codec::avc;
    }
    if (text == "h265" || text == "hevc") {
        return Codec::hevc;
    }
    if (text == "av1") {
        return Codec::av1;
    }
    return make_error(
        Errc::unsupported,
        "codec \"" + std::string(text) + "\" is unknown; choose h264 (avc), h265 (hevc) or av1");
}

std::uint32_t mfx_codec_id(Codec codec) {
    switch (codec) {
        case Codec::avc:
            return MFX_CODEC_AVC;
        case Codec::hevc:
            return MFX_CODEC_HEVC;
        case Codec::av1:
            return MFX_CODEC_AV1;
    }
    return 0;
}

}  // namespace mrda::vpl
