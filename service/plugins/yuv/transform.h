// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "shared/planes.h"

namespace mrda::plugins::yuv {

/// Makes a frame's picture from another's. Gives the bytes that were copied on the way because the
/// formats differ. `scratch` is kept between calls. Errors: invalid_argument (sizes).
using Transform = std::function<Result<std::uint64_t>(const ConstPlanes& from, const Planes& to,
                                                      std::vector<std::uint8_t>& scratch)>;

/// To any size.
Result<std::uint64_t> scale(const ConstPlanes& from, const Planes& to,
                            std::vector<std::uint8_t>& scratch);

enum class Mirror : std::uint8_t { none, horizontal, vertical };
/// Turned clockwise, then mirrored.
struct Orientation {
    int degrees = 0;  ///< 0, 90, 180 or 270.
    Mirror mirror = Mirror::none;
};

/// The target has the source's size, as turned.
Result<std::uint64_t> orient(const ConstPlanes& from, const Planes& to,
                             const Orientation& orientation, std::vector<std::uint8_t>& scratch);

}  // namespace mrda::plugins::yuv
