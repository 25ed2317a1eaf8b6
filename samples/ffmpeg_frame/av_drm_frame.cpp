// SPDX-License-Identifier: MIT
#include "av_drm_frame.h"

extern "C" {
#include <libavutil/pixdesc.h>
}
#include <drm_fourcc.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace ffmpeg_frame {

namespace {

using mrda::Errc;
using mrda::Error;
using mrda::fourcc_string;
using mrda::make_error;
using mrda::Result;

/// A fourcc for each plane, for layers of one plane.
using LayerNames = std::array<std::uint32_t, 3>;

struct FormatRow {
    std::uint32_t drm_fourcc;
    AVPixelFormat av;
    LayerNames layers;
    LayerNames other_names;  ///< For the same bytes, as exporters have them.
};

constexpr LayerNames kOneLayer{};

// libavutil's VAAPI knows the chroma of P010 as RG1616 alone, and drivers export it as GR1616.
// Which of its components comes first is settled by the format.
constexpr std::array<FormatRow, 8> kFormats{{
    {DRM_FORMAT_NV12,
     AV_PIX_FMT_NV12,
     {DRM_FORMAT_R8, DRM_FORMAT_GR88},
     {DRM_FORMAT_R8, DRM_FORMAT_RG88}},
    {DRM_FORMAT_P010,
     AV_PIX_FMT_P010,
     {DRM_FORMAT_R16, DRM_FORMAT_RG1616},
     {DRM_FORMAT_R16, DRM_FORMAT_GR1616}},
    {DRM_FORMAT_YUV420,
     AV_PIX_FMT_YUV420P,
     {DRM_FORMAT_R8, DRM_FORMAT_R8, DRM_FORMAT_R8},
     {DRM_FORMAT_R8, DRM_FORMAT_R8, DRM_FORMAT_R8}},
    {DRM_FORMAT_ARGB8888, AV_PIX_FMT_BGRA, kOneLayer, kOneLayer},
    {DRM_FORMAT_ABGR8888, AV_PIX_FMT_RGBA, kOneLayer, kOneLayer},
    {DRM_FORMAT_XRGB8888, AV_PIX_FMT_BGR0, kOneLayer, kOneLayer},
    {DRM_FORMAT_XBGR8888, AV_PIX_FMT_RGB0, kOneLayer, kOneLayer},
    {DRM_FORMAT_YUYV, AV_PIX_FMT_YUYV422, kOneLayer, kOneLayer},
}};

Error invalid(const std::string& message) {
    return make_error(Errc::invalid_argument, "AVDRMFrameDescriptor: " + message);
}

Error unsupported(const std::string& message) {
    return make_error(Errc::unsupported, "AVDRMFrameDescriptor: " + message);
}

Result<const FormatRow*> row_of(std::uint32_t drm_fourcc) {
    for (const FormatRow& row : kFormats) {
        if (row.drm_fourcc == drm_fourcc) {
            return &row;
        }
    }
    return make_error(Errc::unsupported, "FFmpeg has no format for " + fourcc_string(drm_fourcc));
}

Result<const FormatRow*> row_of(AVPixelFormat format) {
    for (const FormatRow& row : kFormats) {
        if (row.av == format) {
            return &row;
        }
    }
    const char* name = av_get_pix_fmt_name(format);
    return make_error(Errc::unsupported, "this toolkit does not carry FFmpeg's format " +
                                             std::string(name == nullptr ? "none" : name));
}

Result<void> check_count(const char* what, int count) {
    if (count < 1 || count > AV_DRM_MAX_PLANES) {
        return invalid(std::string(what) + " is " + std::to_string(count) + ", not 1 to " +
                       std::to_string(AV_DRM_MAX_PLANES));
    }
    return {};
}

Result<void> check_counts(const AVDRMFrameDescriptor& descriptor) {
    MRDA_TRY(check_count("nb_objects", descriptor.nb_objects));
    MRDA_TRY(check_count("nb_layers", descriptor.nb_layers));
    for (int i = 0; i < descriptor.nb_layers; ++i) {
        const std::string which = "layer " + std::to_string(i) + ": nb_planes";
        MRDA_TRY(check_count(which.c_str(), descriptor.layers[i].nb_planes));
    }
    return {};
}

/// A descriptor of one frame may list its memory once for each plane; it must be one all the same.
Result<void> check_objects(std::span<const AVDRMObjectDescriptor> objects) {
    MRDA_ASSIGN(const mrda::ObjectIdentity first, mrda::identify(objects[0].fd));
    for (std::size_t i = 1; i < objects.size(); ++i) {
        MRDA_ASSIGN(const mrda::ObjectIdentity other, mrda::identify(objects[i].fd));
        const std::string which = "object " + std::to_string(i);
        if (!(other == first)) {
            return unsupported(which +
                               " is other memory than object 0, and this toolkit takes "
                               "frames that lie in one; export the frame into one object");
        }
        if (objects[i].format_modifier != objects[0].format_modifier ||
            objects[i].size != objects[0].size) {
            return invalid(which + " is the memory of object 0 with another modifier or size");
        }
    }
    return {};
}

/// Whether the layers are those of `row`, by name and by number of planes.
Result<void> check_layers(const AVDRMFrameDescriptor& descriptor, const FormatRow& row,
                          std::size_t plane_count) {
    const bool composed = descriptor.nb_layers == 1;
    const std::string format = av_get_pix_fmt_name(row.av);
    if (!composed && static_cast<std::size_t>(descriptor.nb_layers) != plane_count) {
        return invalid(std::to_string(descriptor.nb_layers) + " layers for the " +
                       std::to_string(plane_count) + " planes of " + format);
    }
    const int expected = composed ? static_cast<int>(plane_count) : 1;
    for (int i = 0; i < descriptor.nb_layers; ++i) {
        const AVDRMLayerDescriptor& layer = descriptor.layers[i];
        const auto plane = static_cast<std::size_t>(i);
        const bool known =
            composed ? layer.format == row.drm_fourcc
                     : layer.format == row.layers[plane] || layer.format == row.other_names[plane];
        const std::string which =
            "layer " + std::to_string(i) + " (" + fourcc_string(layer.format) + ")";
        if (!known) {
            return invalid(which + " is no layer of " + format);
        }
        const std::string counts = which + " has " + std::to_string(layer.nb_planes) +
                                   " planes, the format " + std::to_string(expected);
        const std::uint64_t modifier = descriptor.objects[0].format_modifier;
        if (layer.nb_planes > expected && modifier != DRM_FORMAT_MOD_LINEAR) {
            return unsupported(
                counts + ": the modifier of " +
                mrda::to_string(mrda::FormatAndModifier{row.drm_fourcc, modifier}) +
                " keeps compression data in the others, which this toolkit does not carry");
        }
        if (layer.nb_planes != expected) {
            return invalid(counts);
        }
    }
    return {};
}

Result<mrda::PlaneLayout> plane_of(const AVDRMFrameDescriptor& descriptor, std::size_t index) {
    const bool composed = descriptor.nb_layers == 1;
    const AVDRMPlaneDescriptor& plane =
        descriptor.layers[composed ? 0 : index].planes[composed ? index : 0];
    const std::string which = "plane " + std::to_string(index);
    if (plane.object_index < 0 || plane.object_index >= descriptor.nb_objects) {
        return invalid(which + " lies in object " + std::to_string(plane.object_index) + " of " +
                       std::to_string(descriptor.nb_objects));
    }
    if (plane.offset < 0) {
        return invalid(which + " begins at offset " + std::to_string(plane.offset));
    }
    if (plane.pitch < 0 || plane.pitch > std::numeric_limits<std::uint32_t>::max()) {
        return invalid(which + " has a pitch of " + std::to_string(plane.pitch) +
                       "; it must be above 0 and below 2^32");
    }
    return mrda::PlaneLayout{static_cast<std::uint64_t>(plane.offset),
                             static_cast<std::uint32_t>(plane.pitch)};
}

/// What an AVFrame's buffer holds, for as long as anybody refers to it.
struct HeldFrame {
    AVDRMFrameDescriptor descriptor;
    mrda::DmaBuf object;
};

void free_held_frame(void* held, std::uint8_t*) {
    delete static_cast<HeldFrame*>(held);
}

}  // namespace

Result<AVPixelFormat> av_format_of(const mrda::PixelFormat& format) {
    MRDA_ASSIGN(const FormatRow* row, row_of(format.drm_fourcc));
    return row->av;
}

Result<AVDRMFrameDescriptor> to_av_drm_frame(const mrda::DmaBuf& object,
                                             const mrda::FrameLayout& layout, Layers layers) {
    MRDA_ASSIGN(const FormatRow* row, row_of(layout.format().drm_fourcc));
    MRDA_TRY(layout.check_fits(object.size_bytes()));
    AVDRMFrameDescriptor descriptor{};
    descriptor.nb_objects = 1;
    descriptor.objects[0] = {object.fd(), object.object_bytes(), layout.modifier()};
    const bool composed = layers == Layers::composed || layout.planes().size() == 1;
    descriptor.nb_layers = composed ? 1 : static_cast<int>(layout.planes().size());
    for (std::size_t i = 0; i < layout.planes().size(); ++i) {
        AVDRMLayerDescriptor& layer = descriptor.layers[composed ? 0 : i];
        layer.format = composed ? row->drm_fourcc : row->layers[i];
        // No offset can overflow: the layout fits the object, whose size the kernel counts in
        // off_t.
        layer.planes[layer.nb_planes] = {
            0, static_cast<std::ptrdiff_t>(object.offset_bytes() + layout.planes()[i].offset_bytes),
            static_cast<std::ptrdiff_t>(layout.planes()[i].pitch_bytes)};
        ++layer.nb_planes;
    }
    return descriptor;
}

Result<AvFrame> make_av_frame(mrda::DmaBuf object, const mrda::FrameLayout& layout, Layers layers,
                              AVBufferRef* frames) {
    MRDA_ASSIGN(const AVDRMFrameDescriptor descriptor, to_av_drm_frame(object, layout, layers));
    AvFrame frame(av_frame_alloc());
    if (!frame) {
        return av_out_of_memory("av_frame_alloc");
    }
    auto held = std::make_unique<HeldFrame>(HeldFrame{descriptor, std::move(object)});
    frame.get()->format = AV_PIX_FMT_DRM_PRIME;
    frame.get()->width = static_cast<int>(layout.width_px());
    frame.get()->height = static_cast<int>(layout.height_px());
    frame.get()->data[0] = reinterpret_cast<std::uint8_t*>(&held->descriptor);
    frame.get()->buf[0] = av_buffer_create(frame.get()->data[0], sizeof held->descriptor,
                                           free_held_frame, held.get(), 0);
    if (frame.get()->buf[0] == nullptr) {
        return av_out_of_memory("av_buffer_create");
    }
    static_cast<void>(held.release());  // The buffer's now.
    if (frames != nullptr) {
        frame.get()->hw_frames_ctx = av_buffer_ref(frames);
        if (frame.get()->hw_frames_ctx == nullptr) {
            return av_out_of_memory("av_buffer_ref");
        }
    }
    return frame;
}

Result<DrmFrame> from_av_drm_frame(const AVFrame& frame, AVPixelFormat format) {
    if (frame.format != AV_PIX_FMT_DRM_PRIME || frame.data[0] == nullptr) {
        return make_error(Errc::invalid_argument,
                          "the AVFrame is not of AV_PIX_FMT_DRM_PRIME, or empty; map it to that "
                          "format with av_hwframe_map()");
    }
    if ((frame.crop_left | frame.crop_right | frame.crop_top | frame.crop_bottom) != 0) {
        return make_error(
            Errc::unsupported,
            "the AVFrame is to be cropped, which no layout can say; let a filter crop "
            "it first");
    }
    const auto& descriptor = *reinterpret_cast<const AVDRMFrameDescriptor*>(frame.data[0]);
    MRDA_ASSIGN(const FormatRow* row, row_of(format));
    MRDA_ASSIGN(const mrda::PixelFormat* pixels, mrda::find_pixel_format(row->drm_fourcc));
    MRDA_TRY(check_counts(descriptor));
    MRDA_TRY(check_layers(descriptor, *row, pixels->plane_count));
    std::array<mrda::PlaneLayout, 3> planes{};
    for (std::size_t i = 0; i < pixels->plane_count; ++i) {
        MRDA_ASSIGN(planes[i], plane_of(descriptor, i));
    }
    MRDA_TRY(check_objects({descriptor.objects, static_cast<std::size_t>(descriptor.nb_objects)}));
    const AVDRMObjectDescriptor& object = descriptor.objects[0];
    const auto size_px = [](int value) { return static_cast<std::uint32_t>(std::max(value, 0)); };
    MRDA_ASSIGN(const mrda::FrameLayout layout,
                mrda::FrameLayout::from_planes(row->drm_fourcc, size_px(frame.width),
                                               size_px(frame.height), object.format_modifier,
                                               {planes.data(), pixels->plane_count}));
    MRDA_ASSIGN(mrda::Fd fd, mrda::duplicate_fd(object.fd));
    MRDA_ASSIGN(mrda::DmaBuf buffer,
                mrda::DmaBuf::adopt(std::move(fd), 0, object.size, "an AVFrame"));
    MRDA_TRY(layout.check_fits(buffer.size_bytes()));
    return DrmFrame{std::move(buffer), layout};
}

}  // namespace ffmpeg_frame
