// SPDX-License-Identifier: MIT
#include "codecs.h"

#include <algorithm>
#include <array>

namespace mrda_sample_app {

namespace {

using mrda::Errc;
using mrda::make_error;
using mrda::Result;

constexpr std::array<Codec, 7> kCodecs{{{"h264", MRDA_GUEST_AVC, "avc", "openh264"},
                                        {"avc", MRDA_GUEST_AVC, "avc", "openh264"},
                                        {"h265", MRDA_GUEST_HEVC, "hevc", "de265"},
                                        {"hevc", MRDA_GUEST_HEVC, "hevc", "de265"},
                                        {"av1", MRDA_GUEST_AV1, "av1", "dav1d"},
                                        {"vp9", MRDA_GUEST_VP9, "vp9", "vpx"},
                                        {"copy", MRDA_GUEST_COPY, "copy", ""}}};
constexpr std::array<const char*, 7> kProfiles{"avc:main", "avc:high", "hevc:main", "hevc:main10",
                                               "av1:main", "av1:high", "vp9:0"};

}  // namespace

Result<const Codec*> find_codec(const std::string& word) {
    const auto* const found = std::find_if(kCodecs.begin(), kCodecs.end(),
                                           [&](const auto& each) { return word == each.word; });
    if (found == kCodecs.end()) {
        return make_error(Errc::unsupported, "--codecId \"" + word + "\": choose " + kCodecWords);
    }
    return found;
}

Result<std::string> profile_of(const std::string& word, const Codec& codec) {
    if (word.empty()) {
        return std::string();
    }
    if (std::find(kProfiles.begin(), kProfiles.end(), word) == kProfiles.end()) {
        return make_error(Errc::unsupported,
                          "--codecProfile \"" + word +
                              "\": choose avc:main, avc:high, hevc:main, hevc:main10, av1:main, "
                              "av1:high or vp9:0");
    }
    const std::size_t colon = word.find(':');
    if (word.substr(0, colon) != codec.name) {
        return make_error(Errc::invalid_argument,
                          "--codecProfile \"" + word + "\" is not one of --codecId " + codec.word);
    }
    return word.substr(colon + 1);
}

}  // namespace mrda_sample_app
