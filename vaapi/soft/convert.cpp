// SPDX-License-Identifier: MIT
#include "convert.h"

#include <libyuv.h>

#include <algorithm>
#include <cstring>

namespace mrda::va_soft {

namespace {

// libyuv counts in int; frames are at most 8192 px and pitches at most a mebibyte, so all of it
// fits.
int width(const FrameView& view) {
    return static_cast<int>(view.width_px);
}
int height(const FrameView& view) {
    return static_cast<int>(view.height_px);
}
int pitch(const FrameView& view, std::size_t plane) {
    return static_cast<int>(view.pitch_bytes[plane]);
}

bool is(const FrameView& view, std::uint32_t fourcc) {
    return view.format->va_fourcc == fourcc;
}

bool same_size(const FrameView& one, const FrameView& other) {
    return one.width_px == other.width_px && one.height_px == other.height_px;
}

VAStatus status_of(int libyuv_result) {
    return libyuv_result == 0 ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_OPERATION_FAILED;
}

libyuv::FilterMode filter_of(const ConvertOptions& options) {
    return options.quality == ScaleQuality::fast ? libyuv::kFilterBilinear : libyuv::kFilterBox;
}

void copy(const FrameView& source, const FrameView& target) {
    for (std::uint32_t plane = 0; plane < source.format->plane_count; ++plane) {
        const PlaneFormat& grid = source.format->planes[plane];
        libyuv::CopyPlane(source.data[plane], pitch(source, plane), target.data[plane],
                          pitch(target, plane), static_cast<int>(grid.row_bytes(source.width_px)),
                          static_cast<int>(grid.rows(source.height_px)));
    }
}

/// A three-plane frame by the names of its planes: YV12 has V before U.
struct Planar {
    std::uint8_t* y;
    std::uint8_t* u;
    std::uint8_t* v;
    int y_pitch;
    int u_pitch;
    int v_pitch;
};

bool is_planar(const FrameView& view) {
    return is(view, VA_FOURCC_I420) || is(view, VA_FOURCC_YV12);
}

Planar planar(const FrameView& view) {
    const std::size_t u = is(view, VA_FOURCC_YV12) ? 2 : 1;
    const std::size_t v = 3 - u;
    return {view.data[0],   view.data[u],   view.data[v],
            pitch(view, 0), pitch(view, u), pitch(view, v)};
}

template <typename Sample, typename Convert>
void for_each_row(const std::uint8_t* data, std::uint32_t pitch_bytes, std::uint32_t rows,
                  Convert convert) {
    for (std::uint32_t row = 0; row < rows; ++row) {
        convert(row, reinterpret_cast<const Sample*>(data + std::size_t{row} * pitch_bytes));
    }
}

// P010 holds ten bits in the upper part of each word. Rounded, since libyuv's own narrowing
// truncates.
std::uint8_t narrow(std::uint16_t value) {
    return static_cast<std::uint8_t>(std::min((value + 128U) >> 8, 255U));
}

void p010_to_i420(const FrameView& source, const Planar& target) {
    const PixelFormat& format = *source.format;
    for_each_row<std::uint16_t>(source.data[0], source.pitch_bytes[0], source.height_px,
                                [&](std::uint32_t row, const std::uint16_t* from) {
                                    std::uint8_t* to =
                                        target.y + std::ptrdiff_t{row} * target.y_pitch;
                                    std::transform(from, from + source.width_px, to, narrow);
                                });
    const std::uint32_t chroma_width = (source.width_px + 1) / 2;
    for_each_row<std::uint16_t>(
        source.data[1], source.pitch_bytes[1], format.planes[1].rows(source.height_px),
        [&](std::uint32_t row, const std::uint16_t* from) {
            std::uint8_t* u = target.u + std::ptrdiff_t{row} * target.u_pitch;
            std::uint8_t* v = target.v + std::ptrdiff_t{row} * target.v_pitch;
            for (std::uint32_t x = 0; x < chroma_width; ++x) {
                u[x] = narrow(from[2 * x]);
                v[x] = narrow(from[2 * x + 1]);
            }
        });
}

// Limited range grows by exactly four from 8 to 10 bits, so the low bits stay zero.
std::uint16_t widen(std::uint8_t value) {
    return static_cast<std::uint16_t>(value << 8);
}

void i420_to_p010(const Planar& source, const FrameView& target) {
    for (std::uint32_t row = 0; row < target.height_px; ++row) {
        const std::uint8_t* from = source.y + std::ptrdiff_t{row} * source.y_pitch;
        auto* to = reinterpret_cast<std::uint16_t*>(target.data[0] +
                                                    std::size_t{row} * target.pitch_bytes[0]);
        std::transform(from, from + target.width_px, to, widen);
    }
    const std::uint32_t chroma_width = (target.width_px + 1) / 2;
    for (std::uint32_t row = 0; row < target.format->planes[1].rows(target.height_px); ++row) {
        const std::uint8_t* u = source.u + std::ptrdiff_t{row} * source.u_pitch;
        const std::uint8_t* v = source.v + std::ptrdiff_t{row} * source.v_pitch;
        auto* to = reinterpret_cast<std::uint16_t*>(target.data[1] +
                                                    std::size_t{row} * target.pitch_bytes[1]);
        for (std::uint32_t x = 0; x < chroma_width; ++x) {
            to[2 * x] = widen(u[x]);
            to[2 * x + 1] = widen(v[x]);
        }
    }
}

VAStatus to_i420(const FrameView& source, const FrameView& target) {
    const Planar out = planar(target);
    const int w = width(source);
    const int h = height(source);
    if (is_planar(source)) {
        const Planar in = planar(source);
        return status_of(libyuv::I420Copy(in.y, in.y_pitch, in.u, in.u_pitch, in.v, in.v_pitch,
                                          out.y, out.y_pitch, out.u, out.u_pitch, out.v,
                                          out.v_pitch, w, h));
    }
    switch (source.format->va_fourcc) {
        case VA_FOURCC_NV12:
            return status_of(libyuv::NV12ToI420(source.data[0], pitch(source, 0), source.data[1],
                                                pitch(source, 1), out.y, out.y_pitch, out.u,
                                                out.u_pitch, out.v, out.v_pitch, w, h));
        case VA_FOURCC_YUY2:
            return status_of(libyuv::YUY2ToI420(source.data[0], pitch(source, 0), out.y,
                                                out.y_pitch, out.u, out.u_pitch, out.v, out.v_pitch,
                                                w, h));
        case VA_FOURCC_P010:
            p010_to_i420(source, out);
            return VA_STATUS_SUCCESS;
        default: {
            // libyuv names RGB by the little-endian word: its ARGB begins with blue.
            const auto convert = source.format->red_first ? libyuv::ABGRToI420 : libyuv::ARGBToI420;
            return status_of(convert(source.data[0], pitch(source, 0), out.y, out.y_pitch, out.u,
                                     out.u_pitch, out.v, out.v_pitch, w, h));
        }
    }
}

VAStatus i420_to_rgb(const Planar& in, const FrameView& target, ColorMatrix matrix) {
    const bool bt709 = matrix == ColorMatrix::bt709;
    // Red-first output is blue-first output with U and V, and the matrix's two halves, exchanged.
    if (target.format->red_first) {
        return status_of(libyuv::I420ToARGBMatrix(
            in.y, in.y_pitch, in.v, in.v_pitch, in.u, in.u_pitch, target.data[0], pitch(target, 0),
            bt709 ? &libyuv::kYvuH709Constants : &libyuv::kYvuI601Constants, width(target),
            height(target)));
    }
    return status_of(libyuv::I420ToARGBMatrix(
        in.y, in.y_pitch, in.u, in.u_pitch, in.v, in.v_pitch, target.data[0], pitch(target, 0),
        bt709 ? &libyuv::kYuvH709Constants : &libyuv::kYuvI601Constants, width(target),
        height(target)));
}

VAStatus from_i420(const FrameView& source, const FrameView& target, ColorMatrix matrix) {
    const Planar in = planar(source);
    const int w = width(target);
    const int h = height(target);
    if (is_planar(target)) {
        return to_i420(source, target);
    }
    switch (target.format->va_fourcc) {
        case VA_FOURCC_NV12:
            return status_of(libyuv::I420ToNV12(in.y, in.y_pitch, in.u, in.u_pitch, in.v,
                                                in.v_pitch, target.data[0], pitch(target, 0),
                                                target.data[1], pitch(target, 1), w, h));
        case VA_FOURCC_YUY2:
            return status_of(libyuv::I420ToYUY2(in.y, in.y_pitch, in.u, in.u_pitch, in.v,
                                                in.v_pitch, target.data[0], pitch(target, 0), w,
                                                h));
        case VA_FOURCC_P010:
            i420_to_p010(in, target);
            return VA_STATUS_SUCCESS;
        default:
            return i420_to_rgb(in, target, matrix);
    }
}

VAStatus scale_i420(const FrameView& source, const FrameView& target,
                    const ConvertOptions& options) {
    const Planar in = planar(source);
    const Planar out = planar(target);
    return status_of(libyuv::I420Scale(in.y, in.y_pitch, in.u, in.u_pitch, in.v, in.v_pitch,
                                       width(source), height(source), out.y, out.y_pitch, out.u,
                                       out.u_pitch, out.v, out.v_pitch, width(target),
                                       height(target), filter_of(options)));
}

void make_opaque(const FrameView& view) {
    for (std::uint32_t row = 0; row < view.height_px; ++row) {
        std::uint8_t* pixel = view.data[0] + std::size_t{row} * view.pitch_bytes[0];
        for (std::uint32_t x = 0; x < view.width_px; ++x) {
            pixel[4 * std::size_t{x} + 3] = 0xff;
        }
    }
}

}  // namespace

FrameView Converter::scratch(std::size_t slot, std::uint32_t fourcc, std::uint32_t width_px,
                             std::uint32_t height_px) {
    const PixelFormat* format = find_format(fourcc);
    const PackedLayout layout = packed_layout(*format, width_px, height_px);
    std::vector<std::uint8_t>& memory = scratch_[slot];
    if (memory.size() < layout.size_bytes) {
        memory.resize(layout.size_bytes);
    }
    FrameView view{format, width_px, height_px, {}, layout.pitch_bytes};
    for (std::uint32_t plane = 0; plane < format->plane_count; ++plane) {
        view.data[plane] = memory.data() + layout.offset_bytes[plane];
    }
    return view;
}

VAStatus Converter::convert(const FrameView& source, const FrameView& target,
                            const ConvertOptions& options) {
    const bool from_rgb = source.format->model == ColorModel::rgb;
    const bool to_rgb = target.format->model == ColorModel::rgb;
    if (from_rgb && !to_rgb && options.matrix != ColorMatrix::bt601) {
        return VA_STATUS_ERROR_UNIMPLEMENTED;
    }
    if (options.orientation.is_upright()) {
        return convert_upright(source, target, options);
    }
    FrameView from = source;
    if (!can_orient(*source.format)) {
        from = scratch(3, VA_FOURCC_I420, source.width_px, source.height_px);
        if (const VAStatus status = to_i420(source, from); status != VA_STATUS_SUCCESS) {
            return status;
        }
    }
    FrameView upright = target;
    const bool sideways = options.orientation.is_sideways();
    const std::uint32_t width_px = sideways ? from.height_px : from.width_px;
    const std::uint32_t height_px = sideways ? from.width_px : from.height_px;
    const bool direct = from.format == target.format && width_px == target.width_px &&
                        height_px == target.height_px;
    if (!direct) {
        upright = scratch(2, from.format->va_fourcc, width_px, height_px);
    }
    orient(from, upright, options.orientation);
    return direct ? VA_STATUS_SUCCESS : convert_upright(upright, target, options);
}

VAStatus Converter::convert_upright(const FrameView& source, const FrameView& target,
                                    const ConvertOptions& options) {
    const bool from_rgb = source.format->model == ColorModel::rgb;
    const bool to_rgb = target.format->model == ColorModel::rgb;
    if (source.format == target.format && same_size(source, target)) {
        copy(source, target);
        return VA_STATUS_SUCCESS;
    }
    if (from_rgb && to_rgb) {
        return convert_rgb(source, target, options);
    }
    if (is(source, VA_FOURCC_P010) && is(target, VA_FOURCC_P010)) {
        return scale_p010(source, target, options);
    }
    return convert_by_i420(source, target, options);
}

VAStatus Converter::convert_rgb(const FrameView& source, const FrameView& target,
                                const ConvertOptions& options) {
    const bool swap = source.format->red_first != target.format->red_first;
    FrameView scaled = source;
    if (!same_size(source, target)) {
        scaled =
            swap ? scratch(0, source.format->va_fourcc, target.width_px, target.height_px) : target;
        if (libyuv::ARGBScale(source.data[0], pitch(source, 0), width(source), height(source),
                              scaled.data[0], pitch(scaled, 0), width(target), height(target),
                              filter_of(options)) != 0) {
            return VA_STATUS_ERROR_OPERATION_FAILED;
        }
    }
    if (swap) {
        if (libyuv::ARGBToABGR(scaled.data[0], pitch(scaled, 0), target.data[0], pitch(target, 0),
                               width(target), height(target)) != 0) {
            return VA_STATUS_ERROR_OPERATION_FAILED;
        }
    } else if (scaled.data[0] != target.data[0]) {
        copy(scaled, target);
    }
    if (target.format->alpha && !source.format->alpha) {
        make_opaque(target);
    }
    return VA_STATUS_SUCCESS;
}

// libyuv scales 16-bit planes, not interleaved pairs, so the chroma is taken apart and put
// together.
VAStatus Converter::scale_p010(const FrameView& source, const FrameView& target,
                               const ConvertOptions& options) {
    const auto words = [](std::uint8_t* data) { return reinterpret_cast<std::uint16_t*>(data); };
    const auto chroma = [](std::uint32_t size_px) { return static_cast<int>((size_px + 1) / 2); };
    const auto chroma_words = [&](const FrameView& view) {
        return static_cast<std::size_t>(chroma(view.width_px)) *
               static_cast<std::size_t>(chroma(view.height_px));
    };
    libyuv::ScalePlane_16(words(source.data[0]), pitch(source, 0) / 2, width(source),
                          height(source), words(target.data[0]), pitch(target, 0) / 2,
                          width(target), height(target), filter_of(options));
    // U and V, two bytes a sample, one plane after the other.
    const std::size_t in_words = chroma_words(source);
    const std::size_t out_words = chroma_words(target);
    scratch_[0].resize(std::max(scratch_[0].size(), 4 * in_words));
    scratch_[1].resize(std::max(scratch_[1].size(), 4 * out_words));
    std::uint16_t* in = words(scratch_[0].data());
    std::uint16_t* out = words(scratch_[1].data());
    constexpr int kAllBits = 16;
    libyuv::SplitUVPlane_16(words(source.data[1]), pitch(source, 1) / 2, in,
                            chroma(source.width_px), in + in_words, chroma(source.width_px),
                            chroma(source.width_px), chroma(source.height_px), kAllBits);
    for (const std::size_t plane : {0U, 1U}) {
        libyuv::ScalePlane_16(
            in + plane * in_words, chroma(source.width_px), chroma(source.width_px),
            chroma(source.height_px), out + plane * out_words, chroma(target.width_px),
            chroma(target.width_px), chroma(target.height_px), filter_of(options));
    }
    libyuv::MergeUVPlane_16(out, chroma(target.width_px), out + out_words, chroma(target.width_px),
                            words(target.data[1]), pitch(target, 1) / 2, chroma(target.width_px),
                            chroma(target.height_px), kAllBits);
    return VA_STATUS_SUCCESS;
}

VAStatus Converter::convert_by_i420(const FrameView& source, const FrameView& target,
                                    const ConvertOptions& options) {
    FrameView full = source;
    if (!is_planar(source)) {
        const bool direct = is_planar(target) && same_size(source, target);
        full = direct ? target : scratch(0, VA_FOURCC_I420, source.width_px, source.height_px);
        const VAStatus status = to_i420(source, full);
        if (status != VA_STATUS_SUCCESS || direct) {
            return status;
        }
    }
    FrameView scaled = full;
    if (!same_size(full, target)) {
        scaled = is_planar(target) ? target
                                   : scratch(1, VA_FOURCC_I420, target.width_px, target.height_px);
        const VAStatus status = scale_i420(full, scaled, options);
        if (status != VA_STATUS_SUCCESS || is_planar(target)) {
            return status;
        }
    }
    return from_i420(scaled, target, options.matrix);
}

}  // namespace mrda::va_soft
