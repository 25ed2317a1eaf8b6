// SPDX-License-Identifier: MIT
#include "ivf.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace mrda_sample_app {

namespace {

/// Least byte first.
void put(std::span<std::uint8_t> into, std::uint64_t value) {
    for (std::uint8_t& byte : into) {
        byte = static_cast<std::uint8_t>(value & 0xffU);
        value >>= 8U;
    }
}

}  // namespace

IvfFileHeader ivf_file_header(std::uint32_t width_px, std::uint32_t height_px) {
    constexpr std::string_view kBegin("DKIF\0\0", 6);
    constexpr std::string_view kCodec = "VP90";
    IvfFileHeader header{};
    const std::span<std::uint8_t> bytes(header);
    std::copy(kBegin.begin(), kBegin.end(), bytes.begin());
    put(bytes.subspan(6, 2), header.size());
    std::copy(kCodec.begin(), kCodec.end(), bytes.begin() + 8);
    put(bytes.subspan(12, 2), width_px);
    put(bytes.subspan(14, 2), height_px);
    put(bytes.subspan(16, 4), 90'000);
    put(bytes.subspan(20, 4), 1);
    return header;
}

IvfFrameHeader ivf_frame_header(std::uint32_t size_bytes, std::int64_t pts) {
    IvfFrameHeader header{};
    const std::span<std::uint8_t> bytes(header);
    put(bytes.first(4), size_bytes);
    put(bytes.subspan(4), static_cast<std::uint64_t>(pts));
    return header;
}

}  // namespace mrda_sample_app
