// SPDX-License-Identifier: MIT
#include "round_trip.h"

extern "C" {
#include <libavutil/hwcontext.h>
#include <libavutil/hwcontext_vaapi.h>
}

#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "mrda/l0/command_list.h"
#include "mrda/l0/usm.h"

namespace ffmpeg_frame {

namespace {

using mrda::Errc;
using mrda::FrameLayout;
using mrda::make_error;
using mrda::Result;

AVHWDeviceContext& device_of(const AvBuffer& device) {
    return *reinterpret_cast<AVHWDeviceContext*>(device.get()->data);
}

/// A frames context for pictures like `layout`; `surfaces` are allocated with it.
Result<AvBuffer> make_frames(const AvBuffer& device, AVPixelFormat kind, const FrameLayout& layout,
                             int surfaces) {
    MRDA_ASSIGN(const AVPixelFormat format, av_format_of(layout.format()));
    AvBuffer frames(av_hwframe_ctx_alloc(device.get()));
    if (!frames) {
        return av_out_of_memory("av_hwframe_ctx_alloc");
    }
    auto& context = *reinterpret_cast<AVHWFramesContext*>(frames.get()->data);
    context.format = kind;
    context.sw_format = format;
    context.width = static_cast<int>(layout.width_px());
    context.height = static_cast<int>(layout.height_px());
    context.initial_pool_size = surfaces;
    FFMPEG_FRAME_TRY(av_hwframe_ctx_init, (frames.get()),
                     "libavutil has no frames for " + layout.to_string());
    return frames;
}

Result<AvFrame> new_frame() {
    AvFrame frame(av_frame_alloc());
    if (!frame) {
        return av_out_of_memory("av_frame_alloc");
    }
    return frame;
}

/// `from`, mapped to a frame of the other kind: of `frames`, where there is one. It refers to
/// `from`.
Result<AvFrame> map_frame(const AvFrame& from, AVPixelFormat kind, AVBufferRef* frames, int flags) {
    MRDA_ASSIGN(AvFrame mapped, new_frame());
    mapped.get()->format = kind;
    if (frames != nullptr) {
        mapped.get()->hw_frames_ctx = av_buffer_ref(frames);
        if (mapped.get()->hw_frames_ctx == nullptr) {
            return av_out_of_memory("av_buffer_ref");
        }
    }
    FFMPEG_FRAME_TRY(av_hwframe_map, (mapped.get(), from.get(), flags),
                     "libavutil cannot map this frame; another --layers or --read may do");
    return mapped;
}

/// Bytes that repeat neither by row nor by plane.
std::vector<std::byte> pattern(std::size_t bytes, std::uint32_t seed) {
    std::vector<std::byte> made(bytes);
    for (std::byte& byte : made) {
        seed = seed * 1664525U + 1013904223U;
        byte = static_cast<std::byte>(seed >> 24U);
    }
    return made;
}

/// Calls `visit(plane, row, offset in memory of `layout`, bytes)` for each row of each plane.
template <typename Visit>
void for_each_row(const FrameLayout& layout, Visit visit) {
    for (std::size_t plane = 0; plane < layout.planes().size(); ++plane) {
        const auto& at = layout.planes()[plane];
        for (std::uint32_t row = 0; row < layout.rows(plane); ++row) {
            visit(plane, row, at.offset_bytes + std::uint64_t{row} * at.pitch_bytes,
                  static_cast<std::size_t>(layout.row_bytes(plane)));
        }
    }
}

std::byte* row_of(const AvFrame& frame, std::size_t plane, std::uint32_t row) {
    return reinterpret_cast<std::byte*>(frame.get()->data[plane]) +
           std::ptrdiff_t{row} * frame.get()->linesize[plane];
}

/// Holds the pixels of `frame`, in system memory, against `bytes`, which lie as `layout` says.
Result<void> compare(const AvFrame& frame, const std::vector<std::byte>& bytes,
                     const FrameLayout& layout, const char* reader) {
    std::string place;
    for_each_row(
        layout, [&](std::size_t plane, std::uint32_t row, std::uint64_t offset, std::size_t count) {
            if (place.empty() &&
                std::memcmp(row_of(frame, plane, row), bytes.data() + offset, count) != 0) {
                place = "plane " + std::to_string(plane) + ", row " + std::to_string(row);
            }
        });
    if (!place.empty()) {
        return make_error(
            Errc::corrupt,
            std::string(reader) + " read other pixels than were written, from " + place + " on");
    }
    return {};
}

/// Through a command list, as device USM is out of the host's reach. Returns when it is done.
Result<void> copy(const mrda::l0::Context& context, void* to, const void* from, std::size_t bytes) {
    MRDA_ASSIGN(auto list,
                mrda::l0::CommandList::create(context, mrda::l0::CommandList::Kind::immediate));
    MRDA_TRY(list.copy(to, from, bytes));
    return list.wait();
}

std::string alike_text(const FrameLayout& layout) {
    return std::to_string(layout.packed_bytes()) + " bytes alike";
}

/// Until the device is done with a surface of libavutil's: whoever reads its memory by a DMA-BUF
/// does not wait for that.
Result<void> wait_for(const AvDevices& devices, const AvFrame& surface) {
    const auto* device = static_cast<AVVAAPIDeviceContext*>(device_of(devices.va).hwctx);
    const auto id =
        static_cast<VASurfaceID>(reinterpret_cast<std::uintptr_t>(surface.get()->data[3]));
    const VAStatus status = vaSyncSurface(device->display, id);
    if (status != VA_STATUS_SUCCESS) {
        return mrda::Error{
            .code = Errc::io,
            .api = mrda::Api::va,
            .native = status,
            .call = "vaSyncSurface",
            .message = std::string("the device does not finish a surface: ") + vaErrorStr(status)};
    }
    return {};
}

/// A surface of libavutil's own, filled with `bytes`.
Result<AvFrame> make_surface(const AvDevices& devices, const FrameLayout& layout,
                             const std::vector<std::byte>& bytes) {
    MRDA_ASSIGN(const AvBuffer frames, make_frames(devices.va, AV_PIX_FMT_VAAPI, layout, 1));
    MRDA_ASSIGN(AvFrame surface, new_frame());
    FFMPEG_FRAME_TRY(av_hwframe_get_buffer, (frames.get(), surface.get(), 0),
                     "libavutil has no surface for " + layout.to_string());
    MRDA_ASSIGN(const AVPixelFormat format, av_format_of(layout.format()));
    MRDA_ASSIGN(AvFrame picture, new_frame());
    picture.get()->format = format;
    picture.get()->width = surface.get()->width;
    picture.get()->height = surface.get()->height;
    FFMPEG_FRAME_TRY(av_frame_get_buffer, (picture.get(), 0), "no memory for a picture");
    for_each_row(
        layout, [&](std::size_t plane, std::uint32_t row, std::uint64_t offset, std::size_t count) {
            std::memcpy(row_of(picture, plane, row), bytes.data() + offset, count);
        });
    FFMPEG_FRAME_TRY(av_hwframe_transfer_data, (surface.get(), picture.get(), 0),
                     "libavutil cannot fill a surface of " + layout.to_string());
    return surface;
}

}  // namespace

Result<AvDevices> open_av_devices(const mrda::vaapi::Display& display) {
    AvDevices devices{AvBuffer(av_hwdevice_ctx_alloc(AV_HWDEVICE_TYPE_DRM)),
                      AvBuffer(av_hwdevice_ctx_alloc(AV_HWDEVICE_TYPE_VAAPI))};
    if (!devices.drm || !devices.va) {
        return make_error(Errc::unsupported,
                          "this libavutil was built without DRM, or without VAAPI");
    }
    static_cast<AVDRMDeviceContext*>(device_of(devices.drm).hwctx)->fd = -1;
    FFMPEG_FRAME_TRY(av_hwdevice_ctx_init, (devices.drm.get()), "libavutil takes no DRM device");
    static_cast<AVVAAPIDeviceContext*>(device_of(devices.va).hwctx)->display = display.handle();
    FFMPEG_FRAME_TRY(av_hwdevice_ctx_init, (devices.va.get()),
                     "libavutil does not take the display of " + display.vendor());
    return devices;
}

Result<std::string> give_to_ffmpeg(const mrda::l0::Context& context, const AvDevices& devices,
                                   const FrameLayout& layout, Layers layers, Reader reader) {
    MRDA_ASSIGN(auto usm,
                mrda::l0::UsmBuffer::allocate(context, mrda::l0::UsmKind::device,
                                              layout.size_bytes(), mrda::l0::Exportable::dma_buf));
    const std::vector<std::byte> written = pattern(layout.size_bytes(), 1);
    MRDA_TRY(copy(context, usm.data(), written.data(), written.size()));
    MRDA_ASSIGN(mrda::DmaBuf object, usm.export_dma_buf());
    MRDA_ASSIGN(const AvBuffer frames, make_frames(devices.drm, AV_PIX_FMT_DRM_PRIME, layout, 0));
    MRDA_ASSIGN(AvFrame frame, make_av_frame(std::move(object), layout, layers, frames.get()));
    if (reader == Reader::va) {
        AVBufferRef* derived = nullptr;
        FFMPEG_FRAME_TRY(
            av_hwframe_ctx_create_derived,
            (&derived, AV_PIX_FMT_VAAPI, devices.va.get(), frames.get(), AV_HWFRAME_MAP_READ),
            "libavutil has no surfaces for " + layout.to_string());
        const AvBuffer surfaces(derived);
        MRDA_ASSIGN(frame, map_frame(frame, AV_PIX_FMT_VAAPI, surfaces.get(), AV_HWFRAME_MAP_READ));
    }
    MRDA_ASSIGN(const AvFrame seen, new_frame());
    FFMPEG_FRAME_TRY(av_hwframe_transfer_data, (seen.get(), frame.get(), 0),
                     "libavutil cannot read " + layout.to_string());
    const char* const who = reader == Reader::va ? "libavutil through the VA driver" : "libavutil";
    MRDA_TRY(compare(seen, written, layout, who));
    return layout.to_string() + " from USM, as " +
           (layers == Layers::composed ? "one layer" : "a layer for each plane") + ", read by " +
           who + ": " + alike_text(layout);
}

Result<std::string> take_from_ffmpeg(const mrda::l0::Context& context, const AvDevices& devices,
                                     const FrameLayout& shape) {
    const std::vector<std::byte> written = pattern(shape.size_bytes(), 2);
    MRDA_ASSIGN(const AvFrame surface, make_surface(devices, shape, written));
    MRDA_TRY(wait_for(devices, surface));
    MRDA_ASSIGN(const AvFrame mapped, map_frame(surface, AV_PIX_FMT_DRM_PRIME, nullptr,
                                                AV_HWFRAME_MAP_READ | AV_HWFRAME_MAP_WRITE));
    MRDA_ASSIGN(const AVPixelFormat format, av_format_of(shape.format()));
    MRDA_ASSIGN(const DrmFrame taken, from_av_drm_frame(*mapped.get(), format));
    if (!taken.layout.is_linear()) {
        return make_error(Errc::unsupported,
                          "the VA driver's surface is " + taken.layout.to_string() +
                              ": tiled, and USM is flat memory, so Level Zero cannot read it; "
                              "leave this direction out with --direction to");
    }
    MRDA_ASSIGN(const auto usm,
                mrda::l0::UsmBuffer::import(context, taken.object, taken.layout.modifier()));
    std::vector<std::byte> seen(usm.size_bytes());
    MRDA_TRY(copy(context, seen.data(), usm.data(), seen.size()));
    // libavutil's own view of the surface, so that both layouts need not be the same.
    MRDA_ASSIGN(const AvFrame picture, new_frame());
    FFMPEG_FRAME_TRY(av_hwframe_transfer_data, (picture.get(), surface.get(), 0),
                     "libavutil cannot read its own surface");
    MRDA_TRY(compare(picture, written, shape, "libavutil"));
    MRDA_TRY(compare(picture, seen, taken.layout, "Level Zero"));
    return taken.layout.to_string() +
           " from a surface, read by Level Zero: " + alike_text(taken.layout);
}

}  // namespace ffmpeg_frame
