// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "shared/planes.h"

namespace mrda::plugins::yuv {

/// Makes a frame's picture from another's. Gives the bytes that were copied on the way because the
/// formats differ. `scratch` is kept between calls. Errors: invalid_argument (sizes).
using Transform = Result<std::uint64_t> (*)(const ConstPlanes& from, const Planes& to,
                                            std::vector<std::uint8_t>& scratch);

/// To any size.
Result<std::uint64_t> scale(const ConstPlanes& from, const Planes& to,
                            std::vector<std::uint8_t>& scratch);
/// Top to bottom, as pictures come from OpenGL. Both have one size.
Result<std::uint64_t> flip(const ConstPlanes& from, const Planes& to,
                           std::vector<std::uint8_t>& scratch);

}  // namespace mrda::plugins::yuv
