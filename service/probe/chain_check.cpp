// SPDX-License-Identifier: MIT
#include "chain_check.h"

#include <drm_fourcc.h>

#include <vector>

#include "mrda/l0/context.h"
#include "mrda/l0/usm.h"
#include "mrda/vaapi/display.h"
#include "mrda/vaapi/import.h"
#include "mrda/vpl/encoder.h"

namespace mrda::probe {

namespace {

// Small, and yet above the least size that every Intel encoder takes.
constexpr std::uint32_t kWidthPx = 320;
constexpr std::uint32_t kHeightPx = 240;
constexpr std::uint64_t kPatienceNs = 10'000'000'000;

struct Chain {
    l0::Context context;
    vaapi::Display display;
};

Result<Chain> open_chain(Platform platform, const std::optional<PciAddress>& device) {
    if (platform == Platform::software) {
        MRDA_ASSIGN(auto context, l0::Context::open(0));
        MRDA_ASSIGN(auto display, vaapi::Display::open_software());
        return Chain{std::move(context), std::move(display)};
    }
    // The node first: without it nothing else can work, and its message says the most.
    MRDA_ASSIGN(const vaapi::RenderNode node,
                device ? vaapi::find_render_node(*device) : vaapi::default_render_node());
    if (node.usable) {
        return make_error(Errc::permission_denied, *node.usable);
    }
    MRDA_ASSIGN(auto context, l0::Context::open(node.pci));
    MRDA_ASSIGN(auto display, vaapi::Display::open(node));
    return Chain{std::move(context), std::move(display)};
}

Result<std::size_t> encode_one(const Chain& chain, const vpl::EncoderConfig& config,
                               std::vector<vaapi::Surface> surfaces) {
    MRDA_ASSIGN(auto encoder, vpl::Encoder::create(chain.display, config, std::move(surfaces)));
    MRDA_TRY(encoder->submit(0, 0, Sync::idle()));
    encoder->drain();
    MRDA_ASSIGN(const vpl::Received received, encoder->receive(kPatienceNs));
    if (received.status != vpl::Received::Status::packet || received.packet.data.empty()) {
        return make_error(Errc::io, "the encoder took a frame and gave no picture");
    }
    return received.packet.data.size();
}

}  // namespace

Result<std::string> check_chain(Platform platform, const std::optional<PciAddress>& device) {
    MRDA_ASSIGN(const Chain chain, open_chain(platform, device));
    MRDA_ASSIGN(const FrameLayout layout,
                FrameLayout::linear(DRM_FORMAT_NV12, kWidthPx, kHeightPx));
    vpl::EncoderConfig config;
    config.width_px = kWidthPx;
    config.height_px = kHeightPx;
    config.async_depth = 1;
    MRDA_ASSIGN(const std::size_t count,
                vpl::Encoder::needed_surfaces(chain.display, config, DRM_FORMAT_NV12));
    std::vector<l0::UsmBuffer> memory;
    std::vector<vaapi::Surface> surfaces;
    PathChoice path{};
    for (std::size_t i = 0; i < count; ++i) {
        MRDA_ASSIGN(auto usm,
                    l0::UsmBuffer::allocate(chain.context, l0::UsmKind::device, layout.size_bytes(),
                                            l0::Exportable::dma_buf));
        MRDA_ASSIGN(const DmaBuf exported, usm.export_dma_buf());
        MRDA_ASSIGN(auto import,
                    vaapi::import_surface(chain.display, {&exported, nullptr, 0}, layout));
        memory.push_back(std::move(usm));
        surfaces.push_back(std::move(import.surface));
        path = std::move(import.path);
    }
    MRDA_ASSIGN(const std::size_t bytes, encode_one(chain, config, std::move(surfaces)));
    return chain.context.info().name + ", " + chain.display.vendor() + ": USM to surface by " +
           std::string(to_string(path.route)) + ", one frame encoded to " + std::to_string(bytes) +
           " bytes";
}

}  // namespace mrda::probe
