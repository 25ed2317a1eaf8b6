// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "mrda/guest/guest.h"
#include "mrda/interop/result.h"

namespace mrda_sample_app {

/// A codec, by one of its words on the command line.
struct Codec {
    const char* word;
    mrda_guest_codec codec;
    const char* name;     ///< As plugins call it, and in --codecProfile.
    const char* decoder;  ///< MRDA's plugin that decodes it; empty: there is none.
};

inline constexpr const char* kCodecWords = "h264, avc, h265, hevc, av1, vp9 or copy";

/// Errors: unsupported, naming what there is.
mrda::Result<const Codec*> find_codec(const std::string& word);
/// What --codecProfile says; empty: nothing. Errors: unsupported; invalid_argument (of another
/// codec).
mrda::Result<std::string> profile_of(const std::string& word, const Codec& codec);

}  // namespace mrda_sample_app
