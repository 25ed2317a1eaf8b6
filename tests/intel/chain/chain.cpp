// SPDX-License-Identifier: MIT
#include "chain.h"

#include <utility>
#include <vector>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/sync.h"
#include "mrda/l0/context.h"
#include "mrda/l0/usm.h"
#include "mrda/vaapi/display.h"
#include "mrda/vaapi/drm_node.h"
#include "mrda/vaapi/import.h"
#include "mrda/vpl/encoder.h"

namespace mrda::intel {

namespace {

constexpr std::uint32_t kMacroblockPx = 16;
constexpr std::uint64_t kTimeoutNs = 5'000'000'000;

std::uint32_t whole_macroblocks(std::uint32_t value) {
    return (value + kMacroblockPx - 1) / kMacroblockPx * kMacroblockPx;
}

struct Frames {
    std::vector<l0::UsmBuffer> usm;
    std::vector<vaapi::Surface> surfaces;
};

Result<Frames> import_frames(const l0::Context& context, const vaapi::Display& display,
                             const FrameLayout& layout, std::size_t count) {
    Frames frames;
    for (std::size_t i = 0; i < count; ++i) {
        MRDA_ASSIGN(auto usm,
                    l0::UsmBuffer::allocate(context, l0::UsmKind::device, layout.size_bytes(),
                                            l0::Exportable::dma_buf));
        MRDA_ASSIGN(const DmaBuf exported, usm.export_dma_buf());
        MRDA_ASSIGN(auto import, vaapi::import_surface(display, {&exported, nullptr, 0}, layout));
        frames.usm.push_back(std::move(usm));
        frames.surfaces.push_back(std::move(import.surface));
    }
    return frames;
}

/// Takes the oldest packet; false where there is none to come.
Result<bool> take(vpl::Encoder& encoder, ChainFigures& figures) {
    MRDA_ASSIGN(const vpl::Received received, encoder.receive(kTimeoutNs));
    if (received.status != vpl::Received::Status::packet) {
        return false;
    }
    ++figures.packets;
    figures.bytes += received.packet.data.size();
    return true;
}

/// The surfaces in turn, and not whichever the runtime's threads let go first: so that each run
/// leaves the same trace.
Result<ChainFigures> encode(vpl::Encoder& encoder, std::size_t surfaces, std::uint64_t frames) {
    ChainFigures figures;
    for (std::uint64_t i = 0; i < frames; ++i) {
        const std::size_t index = i % surfaces;
        while (encoder.full() || encoder.in_use(index)) {
            MRDA_ASSIGN(const bool taken, take(encoder, figures));
            if (!taken) {
                return make_error(Errc::internal, "the encoder is full and gives no packet");
            }
        }
        MRDA_TRY(encoder.submit(index, static_cast<std::int64_t>(i) * 3000, Sync::idle()));
    }
    encoder.drain();
    for (bool more = true; more;) {
        MRDA_ASSIGN(more, take(encoder, figures));
    }
    return figures;
}

}  // namespace

Result<ChainFigures> run_chain(const ChainOptions& options) {
    MRDA_ASSIGN(const auto node, options.device ? vaapi::find_render_node(*options.device)
                                                : vaapi::default_render_node());
    MRDA_ASSIGN(const auto context, l0::Context::open(node.pci));
    MRDA_ASSIGN(const auto display, vaapi::Display::open(node));
    vpl::EncoderConfig config;
    config.codec = options.codec;
    config.width_px = options.width_px;
    config.height_px = options.height_px;
    MRDA_ASSIGN(const PixelFormat* format, find_pixel_format("NV12"));
    MRDA_ASSIGN(const auto layout,
                FrameLayout::linear(format->drm_fourcc, whole_macroblocks(options.width_px),
                                    whole_macroblocks(options.height_px)));
    MRDA_ASSIGN(const std::size_t count,
                vpl::Encoder::needed_surfaces(display, config, format->drm_fourcc));
    MRDA_ASSIGN(Frames frames, import_frames(context, display, layout, count));
    MRDA_ASSIGN(const auto encoder,
                vpl::Encoder::create(display, config, std::move(frames.surfaces)));
    return encode(*encoder, count, options.frames);
}

}  // namespace mrda::intel
