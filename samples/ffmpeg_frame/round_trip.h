// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "av_drm_frame.h"
#include "av_objects.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/l0/context.h"
#include "mrda/vaapi/display.h"

namespace ffmpeg_frame {

/// libavutil's view of our devices. The Display must outlive it: libavutil only borrows that.
struct AvDevices {
    AvBuffer drm;  ///< Of no node: frames of AV_PIX_FMT_DRM_PRIME bring their own memory.
    AvBuffer va;
};

mrda::Result<AvDevices> open_av_devices(const mrda::vaapi::Display& display);

/// Who reads the pixels of an AVFrame of AV_PIX_FMT_DRM_PRIME for libavutil.
enum class Reader : std::uint8_t {
    va,   ///< The VA driver: libavutil maps the frame to a surface. Not of every format.
    cpu,  ///< libavutil itself, which maps the memory.
};

/// USM with a pattern in it becomes an AVFrame, from which libavutil reads. Returns what was done,
/// for people. Errors: corrupt (libavutil read other pixels); what libavutil returned.
mrda::Result<std::string> give_to_ffmpeg(const mrda::l0::Context& context, const AvDevices& devices,
                                         const mrda::FrameLayout& layout, Layers layers,
                                         Reader reader);

/// A VA surface of libavutil's own with a pattern in it becomes USM, from which Level Zero reads.
/// Errors: as above; unsupported (the surface is tiled, which USM cannot be).
mrda::Result<std::string> take_from_ffmpeg(const mrda::l0::Context& context,
                                           const AvDevices& devices,
                                           const mrda::FrameLayout& shape);

}  // namespace ffmpeg_frame
