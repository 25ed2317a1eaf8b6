// SPDX-License-Identifier: MIT
#include "mrda/interop/frame_layout.h"

#include <drm_fourcc.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

namespace mrda {

namespace {

std::string size_text(std::uint32_t width_px, std::uint32_t height_px) {
    return std::to_string(width_px) + "x" + std::to_string(height_px);
}

Result<const PixelFormat*> check_image(std::uint32_t drm_fourcc, std::uint32_t width_px,
                                       std::uint32_t height_px) {
    MRDA_ASSIGN(const PixelFormat* format, find_pixel_format(drm_fourcc));
    const std::string asked = std::string(format->name) + " " + size_text(width_px, height_px);
    if (width_px == 0 || height_px == 0 || width_px > kMaxDimensionPx ||
        height_px > kMaxDimensionPx) {
        return make_error(
            Errc::invalid_argument,
            asked + ": width and height must lie between 1 and " + std::to_string(kMaxDimensionPx));
    }
    if (width_px % format->width_step() != 0 || height_px % format->height_step() != 0) {
        return make_error(Errc::invalid_argument,
                          asked + ": width must be a multiple of " +
                              std::to_string(format->width_step()) + " and height of " +
                              std::to_string(format->height_step()) + "; crop or pad the picture");
    }
    return format;
}

std::uint64_t align_up(std::uint64_t value, std::uint32_t alignment) {
    return (value + alignment - 1) / alignment * alignment;
}

}  // namespace

Result<FormatAndModifier> parse_format(std::string_view text) {
    const std::size_t colon = text.find(':');
    MRDA_ASSIGN(const PixelFormat* format, find_pixel_format(text.substr(0, colon)));
    FormatAndModifier parsed{format->drm_fourcc, DRM_FORMAT_MOD_LINEAR};
    if (colon == std::string_view::npos) {
        return parsed;
    }
    std::string_view digits = text.substr(colon + 1);
    const bool prefixed = digits.starts_with("0x");
    digits.remove_prefix(prefixed ? 2 : 0);
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), parsed.modifier, 16);
    if (!prefixed || problem != std::errc() || end != digits.data() + digits.size()) {
        return make_error(Errc::invalid_argument,
                          "\"" + std::string(text) +
                              "\": the modifier behind the colon must be a " +
                              "64-bit hexadecimal number such as 0x0100000000000002");
    }
    return parsed;
}

std::string to_string(const FormatAndModifier& format) {
    const auto known = find_pixel_format(format.drm_fourcc);
    std::string text = known.ok() ? std::string((*known)->name) : fourcc_string(format.drm_fourcc);
    if (format.modifier == DRM_FORMAT_MOD_LINEAR) {
        return text;
    }
    std::array<char, 16> digits{};
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), format.modifier, 16);
    const auto count = static_cast<std::size_t>(end.ptr - digits.data());
    return text + ":0x" + std::string(digits.size() - count, '0') +
           std::string(digits.data(), count);
}

Result<FrameLayout> FrameLayout::linear(std::uint32_t drm_fourcc, std::uint32_t width_px,
                                        std::uint32_t height_px, const LayoutAlignment& alignment) {
    MRDA_ASSIGN(const PixelFormat* format, check_image(drm_fourcc, width_px, height_px));
    // Nothing below can overflow: 16384 px of at most 4 bytes, and alignments of at most 64 KiB.
    constexpr std::uint32_t kMaxAlignment = 65536;
    if (!std::has_single_bit(alignment.pitch_bytes) || !std::has_single_bit(alignment.rows) ||
        alignment.pitch_bytes > kMaxAlignment || alignment.rows > kMaxAlignment) {
        return make_error(Errc::invalid_argument,
                          "alignment of pitch " + std::to_string(alignment.pitch_bytes) +
                              " and rows " + std::to_string(alignment.rows) +
                              ": each must be a power of two, and at most 65536");
    }
    FrameLayout layout;
    layout.format_ = format;
    layout.width_px_ = width_px;
    layout.height_px_ = height_px;
    layout.modifier_ = DRM_FORMAT_MOD_LINEAR;
    const std::uint64_t luma_rows = align_up(height_px, alignment.rows);
    const auto luma_pitch = static_cast<std::uint32_t>(
        align_up(format->planes[0].row_bytes(width_px), alignment.pitch_bytes));
    for (std::size_t i = 0; i < format->plane_count; ++i) {
        const PlaneFormat& plane = format->planes[i];
        // Planar chroma takes its share of the luma pitch where that stays aligned, as hardware
        // expects.
        const std::uint64_t share = std::uint64_t{luma_pitch} * plane.block_bytes /
                                    (std::uint64_t{plane.horizontal} *
                                     format->planes[0].block_bytes / format->planes[0].horizontal);
        const auto pitch = static_cast<std::uint32_t>(align_up(share, alignment.pitch_bytes));
        layout.planes_[i] = {layout.size_bytes_, pitch};
        layout.size_bytes_ +=
            std::uint64_t{pitch} * plane.rows(static_cast<std::uint32_t>(luma_rows));
    }
    return layout;
}

Result<FrameLayout> FrameLayout::from_planes(std::uint32_t drm_fourcc, std::uint32_t width_px,
                                             std::uint32_t height_px, std::uint64_t modifier,
                                             std::span<const PlaneLayout> planes) {
    MRDA_ASSIGN(const PixelFormat* format, check_image(drm_fourcc, width_px, height_px));
    const std::string asked = mrda::to_string(FormatAndModifier{drm_fourcc, modifier}) + " " +
                              size_text(width_px, height_px);
    if (modifier == DRM_FORMAT_MOD_INVALID) {
        return make_error(Errc::invalid_argument,
                          asked +
                              ": the modifier is DRM_FORMAT_MOD_INVALID, so nobody knows how the "
                              "pixels lie; ask the exporter for an explicit modifier");
    }
    if (planes.size() != format->plane_count) {
        return make_error(Errc::invalid_argument, asked + ": " + std::to_string(planes.size()) +
                                                      " planes given, the format has " +
                                                      std::to_string(format->plane_count));
    }
    FrameLayout layout;
    layout.format_ = format;
    layout.width_px_ = width_px;
    layout.height_px_ = height_px;
    layout.modifier_ = modifier;
    std::copy(planes.begin(), planes.end(), layout.planes_.begin());
    for (std::size_t i = 0; i < planes.size(); ++i) {
        const PlaneLayout& plane = planes[i];
        const std::string which = asked + ": plane " + std::to_string(i);
        if (plane.pitch_bytes < layout.row_bytes(i) ||
            plane.pitch_bytes % format->planes[i].block_bytes != 0) {
            return make_error(Errc::invalid_argument,
                              which + " has a pitch of " + std::to_string(plane.pitch_bytes) +
                                  " bytes; a row takes " + std::to_string(layout.row_bytes(i)) +
                                  ", in whole blocks of " +
                                  std::to_string(format->planes[i].block_bytes));
        }
        const std::uint64_t extent = layout.plane_extent_bytes(i);
        if (plane.offset_bytes > std::numeric_limits<std::uint64_t>::max() - extent) {
            return make_error(Errc::invalid_argument,
                              which + " at offset " + std::to_string(plane.offset_bytes) +
                                  " with " + std::to_string(extent) + " bytes ends past 2^64");
        }
        if (plane.offset_bytes % format->planes[i].block_bytes != 0) {
            return make_error(Errc::invalid_argument,
                              which + " begins at byte " + std::to_string(plane.offset_bytes) +
                                  ", inside a block of " +
                                  std::to_string(format->planes[i].block_bytes) + " bytes");
        }
        layout.size_bytes_ = std::max(layout.size_bytes_, plane.offset_bytes + extent);
        for (std::size_t j = 0; layout.is_linear() && j < i; ++j) {
            const std::uint64_t other = planes[j].offset_bytes;
            if (plane.offset_bytes < other + layout.plane_extent_bytes(j) &&
                other < plane.offset_bytes + extent) {
                return make_error(Errc::invalid_argument,
                                  which + " at offset " + std::to_string(plane.offset_bytes) +
                                      " overlaps plane " + std::to_string(j) + " at " +
                                      std::to_string(other) + ", which takes " +
                                      std::to_string(layout.plane_extent_bytes(j)) + " bytes");
            }
        }
    }
    return layout;
}

bool FrameLayout::is_linear() const {
    return modifier_ == DRM_FORMAT_MOD_LINEAR;
}

std::uint64_t FrameLayout::row_bytes(std::size_t index) const {
    return format_->planes[index].row_bytes(width_px_);
}

std::uint32_t FrameLayout::rows(std::size_t index) const {
    return format_->planes[index].rows(height_px_);
}

std::uint64_t FrameLayout::plane_extent_bytes(std::size_t index) const {
    return std::uint64_t{planes_[index].pitch_bytes} * (rows(index) - 1U) + row_bytes(index);
}

std::uint64_t FrameLayout::packed_bytes() const {
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < format_->plane_count; ++i) {
        bytes += row_bytes(i) * rows(i);
    }
    return bytes;
}

Result<void> FrameLayout::check_fits(std::uint64_t object_bytes) const {
    if (object_bytes < size_bytes_) {
        return make_error(Errc::invalid_argument,
                          to_string() + " needs " + std::to_string(size_bytes_) +
                              " bytes; the object has " + std::to_string(object_bytes));
    }
    return {};
}

std::string FrameLayout::to_string() const {
    std::string text = mrda::to_string(FormatAndModifier{format_->drm_fourcc, modifier_}) + " " +
                       size_text(width_px_, height_px_) + ", pitch " +
                       std::to_string(planes_[0].pitch_bytes);
    for (std::size_t i = 1; i < format_->plane_count; ++i) {
        text += (i == 1 ? ", chroma at " : " and ") + std::to_string(planes_[i].offset_bytes);
    }
    return text;
}

}  // namespace mrda
