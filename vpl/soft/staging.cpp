// SPDX-License-Identifier: MIT
#include "staging.h"

#include <libyuv.h>

namespace mrda::vpl::soft {

namespace {

constexpr int kAlignment = 64;
constexpr int kSampleBits = 10;

int align_up(int value) {
    return (value + kAlignment - 1) / kAlignment * kAlignment;
}

// Samples of P010: acquire() has checked pointers and pitches for it.
const std::uint16_t* samples(const std::uint8_t* plane) {
    return reinterpret_cast<const std::uint16_t*>(plane);
}
std::uint16_t* samples(std::vector<std::uint8_t>& plane) {
    return reinterpret_cast<std::uint16_t*>(plane.data());
}

}  // namespace

Staging::Staging(const FrameFormat& format, const EncoderConfig& config)
    : format_(format),
      takes_nv12_(find_codec(config.codec)->takes_nv12),
      deep_(config.bit_depth > 8),
      shifts_samples_(config.msb_samples && !find_codec(config.codec)->takes_msb_samples),
      full_range_(config.colour.present && config.colour.full_range) {
    const bool rgb = format.fourcc == MFX_FOURCC_RGB4;
    const int sample_bytes = deep_ ? 2 : 1;
    luma_pitch_bytes_ = align_up(format.width_px * sample_bytes);
    const auto height = static_cast<std::size_t>(format.height_px);
    if (rgb || shifts_samples_) {
        luma_.resize(static_cast<std::size_t>(luma_pitch_bytes_) * height);
    }
    if (takes_nv12_ && shifts_samples_) {
        chroma_pitch_bytes_ = luma_pitch_bytes_;
        cb_.resize(static_cast<std::size_t>(chroma_pitch_bytes_) * (height / 2));
    } else if (rgb || !takes_nv12_) {
        chroma_pitch_bytes_ = align_up(format.width_px / 2 * sample_bytes);
        cb_.resize(static_cast<std::size_t>(chroma_pitch_bytes_) * (height / 2));
        cr_.resize(cb_.size());
    }
}

std::uint64_t Staging::prepare(const FramePlanes& input, Picture& picture) {
    if (format_.fourcc == MFX_FOURCC_RGB4) {
        return convert_rgb(input, picture);
    }
    if (!takes_nv12_) {
        return split_chroma(input, picture);
    }
    if (shifts_samples_) {
        return shift_semi_planar(input, picture);
    }
    picture.layout = PictureLayout::nv12;
    picture.planes = {input.data[0], input.data[1], nullptr};
    picture.pitch_bytes = {input.pitch_bytes[0], input.pitch_bytes[1], 0};
    return 0;
}

void Staging::point_at_own_planes(Picture& picture) {
    picture.layout = PictureLayout::i420;
    picture.planes = {luma_.data(), cb_.data(), cr_.data()};
    picture.pitch_bytes = {luma_pitch_bytes_, chroma_pitch_bytes_, chroma_pitch_bytes_};
}

std::uint64_t Staging::convert_rgb(const FramePlanes& input, Picture& picture) {
    // RGB4 is B, G, R, A in memory, which libyuv calls ARGB. Both conversions use BT.601.
    const auto convert = full_range_ ? libyuv::ARGBToJ420 : libyuv::ARGBToI420;
    convert(input.data[0], input.pitch_bytes[0], luma_.data(), luma_pitch_bytes_, cb_.data(),
            chroma_pitch_bytes_, cr_.data(), chroma_pitch_bytes_, format_.width_px,
            format_.height_px);
    point_at_own_planes(picture);
    return static_cast<std::uint64_t>(format_.width_px) *
           static_cast<std::uint64_t>(format_.height_px) * 3 / 2;
}

std::uint64_t Staging::split_chroma(const FramePlanes& input, Picture& picture) {
    const int width = format_.width_px / 2;
    const int height = format_.height_px / 2;
    auto copied = static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) * 2;
    point_at_own_planes(picture);
    if (!deep_) {
        libyuv::SplitUVPlane(input.data[1], input.pitch_bytes[1], cb_.data(), chroma_pitch_bytes_,
                             cr_.data(), chroma_pitch_bytes_, width, height);
    } else {
        copied *= 2;
        const int depth = shifts_samples_ ? kSampleBits : 16;
        libyuv::SplitUVPlane_16(samples(input.data[1]), input.pitch_bytes[1] / 2, samples(cb_),
                                chroma_pitch_bytes_ / 2, samples(cr_), chroma_pitch_bytes_ / 2,
                                width, height, depth);
    }
    if (shifts_samples_) {
        libyuv::ConvertToLSBPlane_16(samples(input.data[0]), input.pitch_bytes[0] / 2,
                                     samples(luma_), luma_pitch_bytes_ / 2, format_.width_px,
                                     format_.height_px, kSampleBits);
        copied *= 3;
    } else {
        picture.planes[0] = input.data[0];
        picture.pitch_bytes[0] = input.pitch_bytes[0];
    }
    return copied;
}

std::uint64_t Staging::shift_semi_planar(const FramePlanes& input, Picture& picture) {
    libyuv::ConvertToLSBPlane_16(samples(input.data[0]), input.pitch_bytes[0] / 2, samples(luma_),
                                 luma_pitch_bytes_ / 2, format_.width_px, format_.height_px,
                                 kSampleBits);
    libyuv::ConvertToLSBPlane_16(samples(input.data[1]), input.pitch_bytes[1] / 2, samples(cb_),
                                 chroma_pitch_bytes_ / 2, format_.width_px, format_.height_px / 2,
                                 kSampleBits);
    picture.layout = PictureLayout::nv12;
    picture.planes = {luma_.data(), cb_.data(), nullptr};
    picture.pitch_bytes = {luma_pitch_bytes_, chroma_pitch_bytes_, 0};
    return static_cast<std::uint64_t>(format_.width_px) *
           static_cast<std::uint64_t>(format_.height_px) * 3;
}

}  // namespace mrda::vpl::soft
