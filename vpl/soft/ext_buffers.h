// SPDX-License-Identifier: MIT
#pragma once

#include <vpl/mfxvideo.h>

#include "encoder.h"

namespace mrda::vpl::soft {

/// What the extension buffers of an mfxVideoParam ask of an encoder.
struct ExtOptions {
    bool cavlc = false;
    bool access_unit_delimiter = false;
    bool deblocking = true;
    bool b_pyramid = false;
    int qp_min = 0;
    int qp_max = 0;
    ColourSignal colour;
};

/// The buffer of that type, or null. Buffers whose size is not T's are not found.
template <typename T>
T* find_ext_buffer(const mfxVideoParam& video, mfxU32 id) {
    for (mfxU16 i = 0; video.ExtParam != nullptr && i < video.NumExtParam; ++i) {
        mfxExtBuffer* buffer = video.ExtParam[i];
        if (buffer != nullptr && buffer->BufferId == id && buffer->BufferSz == sizeof(T)) {
            return reinterpret_cast<T*>(buffer);
        }
    }
    return nullptr;
}

/// Reads the extension buffers of `in`. If `out` is not null, it must bring the same buffers
/// (MFX_ERR_UNDEFINED_BEHAVIOR if not), and they receive what is honoured, the rest cleared.
/// MFX_ERR_UNSUPPORTED: a buffer that this runtime does not know.
/// MFX_WRN_INCOMPATIBLE_VIDEO_PARAM: something in a known buffer is not honoured.
mfxStatus read_ext_buffers(const mfxVideoParam& in, const mfxVideoParam* out, ExtOptions& options);

/// GetVideoParam: what `config` came to be, into the buffers of `video` that Init understands.
/// MFX_ERR_UNSUPPORTED: the buffer is none of these.
mfxStatus write_ext_buffer(const EncoderConfig& config, mfxExtBuffer& buffer);

/// Marks in the buffers of `out` which fields can be set. MFX_ERR_UNSUPPORTED as above.
mfxStatus mark_ext_buffers(const mfxVideoParam& out);

}  // namespace mrda::vpl::soft
