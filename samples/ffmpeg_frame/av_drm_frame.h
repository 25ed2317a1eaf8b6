// SPDX-License-Identifier: MIT
#pragma once

extern "C" {
#include <libavutil/hwcontext_drm.h>
#include <libavutil/pixfmt.h>
}

#include <cstdint>

#include "av_objects.h"
#include "mrda/interop/dma_buf.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"

namespace ffmpeg_frame {

/// How an AVDRMFrameDescriptor groups the planes of a format. libavutil's VAAPI makes the first
/// and, of P010, takes no other; display engines want the second.
enum class Layers : std::uint8_t {
    separate,  ///< One layer for each plane: R8 and GR88.
    composed,  ///< All planes in one layer: NV12.
};

/// What FFmpeg calls the format. Errors: unsupported.
mrda::Result<AVPixelFormat> av_format_of(const mrda::PixelFormat& format);

/// FFmpeg's description of `layout` in `object`. The descriptor in it stays `object`'s: who uses
/// the description closes nothing, and `object` must live for as long.
/// Errors: unsupported (format), invalid_argument (an object that is too small).
mrda::Result<AVDRMFrameDescriptor> to_av_drm_frame(const mrda::DmaBuf& object,
                                                   const mrda::FrameLayout& layout, Layers layers);

/// The same as an AVFrame of AV_PIX_FMT_DRM_PRIME, which takes `object` along: its descriptor is
/// closed with the last reference to the frame, on whichever thread FFmpeg drops that. `frames`,
/// if there is one, is the AVHWFramesContext that the frame shall belong to; it stays the caller's.
mrda::Result<AvFrame> make_av_frame(mrda::DmaBuf object, const mrda::FrameLayout& layout,
                                    Layers layers, AVBufferRef* frames);

/// The memory of somebody's AVFrame, and how its pixels lie there.
struct DrmFrame {
    mrda::DmaBuf object;
    mrda::FrameLayout layout;
};

/// Reads an AVFrame of AV_PIX_FMT_DRM_PRIME, and trusts nothing in it. `format` is what the frame's
/// origin knows (AVHWFramesContext::sw_format): a descriptor alone does not tell NV12 from NV16.
/// The frame keeps its descriptors: `object` has one of its own, and may outlive the frame. Nothing
/// is waited for: call vaSyncSurface on a VA surface before it is mapped to such a frame, or what
/// the device still does with it may be missing. Errors: invalid_argument, naming the value
/// (counts, an index, a negative or too large number, planes past the object, a format or modifier
/// that does not agree, no modifier); unsupported (formats, several objects, planes of compression
/// data, cropping).
mrda::Result<DrmFrame> from_av_drm_frame(const AVFrame& frame, AVPixelFormat format);

}  // namespace ffmpeg_frame
