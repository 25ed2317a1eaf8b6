// SPDX-License-Identifier: MIT
#include "region_size.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "mrda/interop/frame_layout.h"
#include "mrda/ivshmem/session_layout.h"
#include "slot_sizes.h"

namespace mrda::ctl {

namespace {

struct Size {
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
};

Result<Size> parse_size(const std::string& text) {
    Size size;
    const char* const end = text.data() + text.size();
    const auto width = std::from_chars(text.data(), end, size.width_px);
    if (width.ec == std::errc() && width.ptr != end && *width.ptr == 'x') {
        const auto height = std::from_chars(width.ptr + 1, end, size.height_px);
        const bool in_range = size.width_px <= kMaxDimensionPx && size.height_px <= kMaxDimensionPx;
        if (height.ec == std::errc() && height.ptr == end && in_range) {
            return size;
        }
    }
    return make_error(Errc::invalid_argument, "size \"" + text +
                                                  "\": WIDTHxHEIGHT is wanted, each at most " +
                                                  std::to_string(kMaxDimensionPx));
}

/// Formats have names of capitals, which not everybody types; the rest is a number.
std::string in_capitals(const std::string& format) {
    std::string name = format;
    const auto end =
        name.begin() + static_cast<std::ptrdiff_t>(std::min(name.find(':'), name.size()));
    std::transform(name.begin(), end, name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return name;
}

}  // namespace

Result<RegionSize> region_size(const std::string& size, const std::string& format,
                               std::uint32_t frames) {
    MRDA_ASSIGN(const Size picture, parse_size(size));
    MRDA_ASSIGN(const FormatAndModifier parsed, parse_format(in_capitals(format)));
    MRDA_ASSIGN(const FrameLayout frame,
                service::encoder_frame(parsed.drm_fourcc, picture.width_px, picture.height_px));
    MRDA_ASSIGN(const auto layout,
                ivshmem::SessionLayout::make(
                    {.input_slots = frames,
                     .input_slot_bytes = frame.size_bytes(),
                     .output_slots = frames,
                     .output_slot_bytes = service::default_output_slot_bytes(frame)}));
    RegionSize result;
    result.layout = frame.to_string();
    result.slot_bytes = layout.input_slot_bytes();
    result.input_bytes = layout.input_extent_bytes();
    result.output_bytes = layout.output_extent_bytes();
    result.region_bytes = std::bit_ceil(result.input_bytes + result.output_bytes);
    return result;
}

}  // namespace mrda::ctl
