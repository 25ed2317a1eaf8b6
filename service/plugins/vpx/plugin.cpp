// SPDX-License-Identifier: MIT
// VP9 by libvpx.
#include "codec.h"

namespace mrda::plugins::vpx {

std::string library_name() {
    return std::string("libvpx ") + ::vpx_codec_version_str();
}

namespace {

constexpr const char* kCodecs[] = {"vp9", nullptr};
constexpr mrda_session_kind kEncoder = encoder_kind<open_encoder>(kCodecs);
constexpr mrda_session_kind kDecoder = decoder_kind<open_decoder>(kCodecs);
constexpr const mrda_session_kind* kKinds[] = {&kEncoder, &kDecoder, nullptr};
constexpr mrda_plugin kPlugin{.size_bytes = sizeof(mrda_plugin),
                              .abi = MRDA_PLUGIN_ABI,
                              .name = "vpx",
                              .version = "1",
                              .kinds = kKinds};

}  // namespace

}  // namespace mrda::plugins::vpx

extern "C" [[gnu::visibility("default")]] const mrda_plugin* mrda_plugin_entry(
    std::uint32_t /*host_abi*/) {
    return &mrda::plugins::vpx::kPlugin;
}
