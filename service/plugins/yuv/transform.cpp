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

Result<std::uint64_t> flip(const ConstPlanes& from, const Planes& to,
                           std::vector<std::uint8_t>& /*scratch*/) {
    if (from.width_px != to.width_px || from.height_px != to.height_px) {
        return make_error(Errc::invalid_argument, "a filter makes no " + size_of(to) + " of " +
                                                      size_of(from) + "; that is a scaler's work");
    }
    // From the last row up; both formats are told in that one pass.
    ConstPlanes upside_down = from;
    for (std::size_t plane = 0; plane < from.data.size(); ++plane) {
        if (from.data[plane] != nullptr) {
            const int rows = plane == 0 ? from.height_px : half(from.height_px);
            upside_down.data[plane] += std::ptrdiff_t{rows - 1} * from.pitch_bytes[plane];
            upside_down.pitch_bytes[plane] = -from.pitch_bytes[plane];
        }
    }
    copy_picture(upside_down, to);
    return std::uint64_t{0};
}

}  // namespace mrda::plugins::yuv
