// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

namespace mrda_sample_app {

/// IVF, the container that VP9 needs: its packets do not say where they end.
using IvfFileHeader = std::array<std::uint8_t, 32>;
using IvfFrameHeader = std::array<std::uint8_t, 12>;

/// Of VP9, with times in 90 kHz. How many frames follow is left open, as for a pipe it must be.
IvfFileHeader ivf_file_header(std::uint32_t width_px, std::uint32_t height_px);
IvfFrameHeader ivf_frame_header(std::uint32_t size_bytes, std::int64_t pts);

}  // namespace mrda_sample_app
