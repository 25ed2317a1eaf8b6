// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "frame_view.h"

namespace mrda::va_soft {

/// Moves each component away from the mean of its 3x3 neighbourhood, or towards it: luma of YUV,
/// all three colours of RGB. Keeps its rows between pictures. One thread at a time.
class Sharpener {
  public:
    /// In place. `amount` of the distance to the mean: from -1, which smooths it all away, to 1.
    void apply(const FrameView& view, float amount);

  private:
    std::vector<std::uint16_t> rows_;
};

}  // namespace mrda::va_soft
