// SPDX-License-Identifier: MIT
#pragma once

#include <vpl/mfxvideo.h>

#include "encoder.h"
#include "input.h"

namespace mrda::vpl::soft {

/// MFXVideoENCODE_Query. A null `in` asks which fields can be set: these become 1 in `out`.
mfxStatus query(const mfxVideoParam* in, mfxVideoParam& out);

/// MFXVideoENCODE_QueryIOSurf.
mfxStatus query_surfaces(const mfxVideoParam& in, mfxFrameAllocRequest& request);

/// What Init and Reset need to know: the parameters with every default filled in (`video`, without
/// the client's extension buffers) and what follows from them.
struct EncodeParams {
    mfxVideoParam video{};
    EncoderConfig config;
    FrameFormat format;
};

/// Checks `in` as Query does, with what Init demands beyond it. A warning leaves `out` complete.
mfxStatus resolve(const mfxVideoParam& in, EncodeParams& out);

/// Bytes that the largest coded frame may take: what BufferSizeInKB must hold.
std::uint64_t max_coded_frame_bytes(const FrameFormat& format);

}  // namespace mrda::vpl::soft
