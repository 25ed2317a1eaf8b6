// SPDX-License-Identifier: MIT
// AVC by Cisco's openh264.
#include <wels/codec_api.h>

#include "codec.h"

namespace mrda::plugins::openh264 {

std::string library_name() {
    const OpenH264Version version = ::WelsGetCodecVersion();
    return "openh264 " + std::to_string(version.uMajor) + "." + std::to_string(version.uMinor) +
           "." + std::to_string(version.uRevision);
}

namespace {

constexpr const char* kCodecs[] = {"avc", nullptr};
constexpr mrda_session_kind kEncoder = encoder_kind<open_encoder>(kCodecs);
constexpr mrda_session_kind kDecoder = decoder_kind<open_decoder>(kCodecs);
constexpr const mrda_session_kind* kKinds[] = {&kEncoder, &kDecoder, nullptr};
constexpr mrda_plugin kPlugin{.size_bytes = sizeof(mrda_plugin),
                              .abi = MRDA_PLUGIN_ABI,
                              .name = "openh264",
                              .version = "1",
                              .kinds = kKinds};

}  // namespace

}  // namespace mrda::plugins::openh264

extern "C" [[gnu::visibility("default")]] const mrda_plugin* mrda_plugin_entry(
    std::uint32_t /*host_abi*/) {
    return &mrda::plugins::openh264::kPlugin;
}
