// SPDX-License-Identifier: MIT
#include "encoder_source.h"

#include <algorithm>

#include "trace.h"

namespace mrda::stub {

namespace {

// The graphics version from which on surfaces are tiled by 4 and by 64, and no longer by Y.
constexpr std::uint16_t kTile4Since = 1255;

/// The command that names the source to a pipe.
const char* picture_command(Pipe pipe) {
    switch (pipe) {
        case Pipe::mfx:
            return "MFX_PIPE_BUF_ADDR_STATE";
        case Pipe::hcp:
            return "HCP_PIPE_BUF_ADDR_STATE";
        case Pipe::vdenc:
            return "VDENC_PIPE_BUF_ADDR_STATE";
    }
    return "?";
}

}  // namespace

const char* EncoderSource::tiling_name(Pipe pipe) const {
    const bool has_tile4 = kind_.graphics_version >= kTile4Since;
    if (pipe == Pipe::hcp && !has_tile4) {
        return "unknown";  // Its commands did not say.
    }
    switch (of(pipe).surface.tile_mode) {
        case 1:
            // Before, the low bit was the tiles' direction, and the other one whether there are
            // tiles.
            return has_tile4 ? "64" : "linear";
        case 2:
            return "x";
        case 3:
            return has_tile4 ? "4" : "y";
        default:
            return "linear";
    }
}

void EncoderSource::trace_source(Pipe pipe) const {
    const PipeState& state = of(pipe);
    const AddressSpace::Place place = space_.find(state.picture);
    trace(
        "SOURCE codec=%s command=%s bo=%u offset=0x%llx width=%u height=%u pitch=%u tiling=%s "
        "chroma_row=%u",
        state.codec, picture_command(pipe), place.object == nullptr ? 0 : place.object->number(),
        static_cast<unsigned long long>(place.offset_bytes), state.surface.width_px,
        state.surface.height_px, state.surface.pitch_bytes, tiling_name(pipe),
        state.surface.chroma_row);
}

void EncoderSource::select(Pipe pipe, const char* codec) {
    if (of(pipe).selected) {
        finish();
    }
    of(pipe).selected = true;
    of(pipe).codec = codec;
}

void EncoderSource::finish() {
    // VDENC reads the pixels where it is used; its partner is told of them as well.
    for (const Pipe pipe : {Pipe::vdenc, Pipe::mfx, Pipe::hcp}) {
        const Traced line{of(pipe).picture, of(pipe).codec};
        if (line.codec == nullptr || line.picture == 0) {
            continue;
        }
        if (std::find(traced_.begin(), traced_.end(), line) == traced_.end()) {
            traced_.push_back(line);
            trace_source(pipe);
        }
        break;
    }
    pipes_ = {};
}

}  // namespace mrda::stub
