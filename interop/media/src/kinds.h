// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "mrda/media/plugin.h"

namespace mrda::media {

inline bool takes_frames(const mrda_session_kind& kind) {
    return kind.send_frame != nullptr;
}
inline bool gives_frames(const mrda_session_kind& kind) {
    return kind.receive_frame != nullptr;
}
/// Whether it reaches frames in memory of that sort, on both of its sides.
inline bool works_with(const mrda_session_kind& kind, std::uint32_t memory) {
    return (!takes_frames(kind) || (kind.input_memory & memory) != 0) &&
           (!gives_frames(kind) || (kind.output_memory & memory) != 0);
}

}  // namespace mrda::media
