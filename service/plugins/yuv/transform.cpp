// SPDX-License-Identifier: MIT
#include "transform.h"

#include <drm_fourcc.h>
#include <libyuv.h>

#include <string>

namespace mrda::plugins::yuv {

namespace {

constexpr libyuv::FilterMode kQuality = libyuv::kFilterBox;

std::string size_of(const ConstPlanes& planes) {
    return std::to_string(planes.width_px) + "x" + std::to_string(planes.height_px);
}

/// The source with its chroma in the target's format, in `scratch` where it is in another; adds up
/// what that copied.
ConstPlanes with_chroma_of(const ConstPlanes& from, std::uint32_t drm_fourcc,
                           std::vector<std::uint8_t>& scratch, std::uint64_t& copied_bytes) {
    if (from.drm_fourcc == drm_fourcc) {
        return from;
    }
    const int width = half(from.width_px);
    const int height = half(from.height_px);
    const auto samples = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    scratch.resize(2 * samples);
    copied_bytes += scratch.size();
    ConstPlanes made = from;
    made.drm_fourcc = drm_fourcc;
    if (drm_fourcc == DRM_FORMAT_NV12) {
        libyuv::MergeUVPlane(from.data[1], from.pitch_bytes[1], from.data[2], from.pitch_bytes[2],
                             scratch.data(), 2 * width, width, height);
        made.data = {from.data[0], scratch.data(), nullptr};
        made.pitch_bytes = {from.pitch_bytes[0], 2 * width, 0};
    } else {
        libyuv::SplitUVPlane(from.data[1], from.pitch_bytes[1], scratch.data(), width,
                             scratch.data() + samples, width, width, height);
        made.data = {from.data[0], scratch.data(), scratch.data() + samples};
        made.pitch_bytes = {from.pitch_bytes[0], width, width};
    }
    return made;
}

/// From the last row up.
ConstPlanes upside_down(const ConstPlanes& from) {
    ConstPlanes turned = from;
    for (std::size_t plane = 0; plane < from.data.size(); ++plane) {
        if (from.data[plane] != nullptr) {
            const int rows = plane == 0 ? from.height_px : half(from.height_px);
            turned.data[plane] += std::ptrdiff_t{rows - 1} * from.pitch_bytes[plane];
            turned.pitch_bytes[plane] = -from.pitch_bytes[plane];
        }
    }
    return turned;
}

/// Clockwise. Gives the bytes that took the way through `scratch`.
std::uint64_t turn(const ConstPlanes& from, const Planes& to, int degrees,
                   std::vector<std::uint8_t>& scratch) {
    if (degrees == 0) {
        copy_picture(from, to);
        return 0;
    }
    const auto mode = static_cast<libyuv::RotationMode>(degrees);
    libyuv::RotatePlane(from.data[0], from.pitch_bytes[0], to.data[0], to.pitch_bytes[0],
                        from.width_px, from.height_px, mode);
    // libyuv turns U and V as planes of their own.
    const int width = half(from.width_px);
    const int height = half(from.height_px);
    const bool merged = to.drm_fourcc == DRM_FORMAT_NV12;
    Planes uv = to;
    if (merged) {
        const auto samples = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
        scratch.resize(2 * samples);
        uv.data = {nullptr, scratch.data(), scratch.data() + samples};
        uv.pitch_bytes = {0, half(to.width_px), half(to.width_px)};
    }
    if (from.drm_fourcc == DRM_FORMAT_NV12) {
        libyuv::SplitRotateUV(from.data[1], from.pitch_bytes[1], uv.data[1], uv.pitch_bytes[1],
                              uv.data[2], uv.pitch_bytes[2], width, height, mode);
    } else {
        for (std::size_t plane = 1; plane < 3; ++plane) {
            libyuv::RotatePlane(from.data[plane], from.pitch_bytes[plane], uv.data[plane],
                                uv.pitch_bytes[plane], width, height, mode);
        }
    }
    if (merged) {
        libyuv::MergeUVPlane(uv.data[1], uv.pitch_bytes[1], uv.data[2], uv.pitch_bytes[2],
                             to.data[1], to.pitch_bytes[1], half(to.width_px), half(to.height_px));
    }
    return merged ? scratch.size() : 0;
}

}  // namespace

Result<std::uint64_t> scale(const ConstPlanes& from, const Planes& to,
                            std::vector<std::uint8_t>& scratch) {
    std::uint64_t copied_bytes = 0;
    const ConstPlanes in = with_chroma_of(from, to.drm_fourcc, scratch, copied_bytes);
    const int status =
        to.drm_fourcc == DRM_FORMAT_NV12
            ? libyuv::NV12Scale(in.data[0], in.pitch_bytes[0], in.data[1], in.pitch_bytes[1],
                                in.width_px, in.height_px, to.data[0], to.pitch_bytes[0],
                                to.data[1], to.pitch_bytes[1], to.width_px, to.height_px, kQuality)
            : libyuv::I420Scale(in.data[0], in.pitch_bytes[0], in.data[1], in.pitch_bytes[1],
                                in.data[2], in.pitch_bytes[2], in.width_px, in.height_px,
                                to.data[0], to.pitch_bytes[0], to.data[1], to.pitch_bytes[1],
                                to.data[2], to.pitch_bytes[2], to.width_px, to.height_px, kQuality);
    if (status != 0) {
        return make_error(Errc::internal,
                          "libyuv does not scale " + size_of(from) + " to " + size_of(to));
    }
    return copied_bytes;
}

Result<std::uint64_t> orient(const ConstPlanes& from, const Planes& to,
                             const Orientation& orientation, std::vector<std::uint8_t>& scratch) {
    const bool sideways = orientation.degrees % 180 != 0;
    if ((sideways ? from.height_px : from.width_px) != to.width_px ||
        (sideways ? from.width_px : from.height_px) != to.height_px) {
        return make_error(Errc::invalid_argument,
                          "a filter makes no " + size_of(to) + " of " + size_of(from) +
                              (sideways ? " on its side" : "") + "; that is a scaler's work");
    }
    if (orientation.mirror == Mirror::none) {
        return turn(from, to, orientation.degrees, scratch);
    }
    // Mirroring after a turn is turning the other way after mirroring; and left to right is top to
    // bottom, turned by half.
    const int half_turn = orientation.mirror == Mirror::horizontal ? 180 : 0;
    return turn(upside_down(from), to, (360 + half_turn - orientation.degrees) % 360, scratch);
}

}  // namespace mrda::plugins::yuv
