// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "encoder.h"
#include "input.h"

namespace mrda::vpl::soft {

/// Converts what a codec library cannot take as it is: once, into memory that is kept for the next
/// frame.
class Staging {
  public:
    /// Prepares for frames of `format` and the codec of `config`. May throw std::bad_alloc.
    Staging(const FrameFormat& format, const EncoderConfig& config);

    /// Points `picture` at the planes of `input`, or at the converted ones. Returns how many bytes
    /// were written to this object's memory. The picture is valid until the next call, and no
    /// longer than `input` stays mapped.
    std::uint64_t prepare(const FramePlanes& input, Picture& picture);

  private:
    std::uint64_t convert_rgb(const FramePlanes& input, Picture& picture);
    std::uint64_t split_chroma(const FramePlanes& input, Picture& picture);
    std::uint64_t shift_semi_planar(const FramePlanes& input, Picture& picture);
    void point_at_own_planes(Picture& picture);

    FrameFormat format_;
    bool takes_nv12_;
    bool deep_;
    bool shifts_samples_;
    bool full_range_;
    int luma_pitch_bytes_ = 0;
    int chroma_pitch_bytes_ = 0;
    std::vector<std::uint8_t> luma_;
    std::vector<std::uint8_t> cb_;
    std::vector<std::uint8_t> cr_;
};

}  // namespace mrda::vpl::soft
