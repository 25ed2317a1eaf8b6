// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "mrda/interop/pixel_format.h"
#include "mrda/interop/result.h"

namespace mrda {

/// The largest width and height that the toolkit carries: what Intel's encoders take, and small
/// enough that no size of a frame comes near 2^32.
inline constexpr std::uint32_t kMaxDimensionPx = 16384;

/// Where one plane lies in its object.
struct PlaneLayout {
    std::uint64_t offset_bytes = 0;
    std::uint32_t pitch_bytes = 0;

    bool operator==(const PlaneLayout&) const = default;
};

/// What the rows of a linear layout are rounded up to.
struct LayoutAlignment {
    std::uint32_t pitch_bytes =
        64;                   ///< What Intel's render and media engines ask of linear memory.
    std::uint32_t rows = 16;  ///< One macroblock: encoders read whole ones.
};

/// A format with its DRM modifier, in the form that GStreamer prints: "NV12" where linear, or
/// "NV12:0x0100000000000002".
struct FormatAndModifier {
    std::uint32_t drm_fourcc = 0;
    std::uint64_t modifier = 0;

    bool operator==(const FormatAndModifier&) const = default;
};

/// Errors: unsupported (format), invalid_argument (a modifier that is no 64-bit hexadecimal
/// number).
Result<FormatAndModifier> parse_format(std::string_view text);
std::string to_string(const FormatAndModifier& format);

/// How an image lies in one object: format, size, modifier, and for every plane its offset and
/// pitch. Always whole: the factories refuse what overflows, overlaps, or is too narrow. A plain
/// value.
class FrameLayout {
  public:
    /// A linear layout with rows and planes rounded up as `alignment` says; planes follow one
    /// another. Errors: unsupported (fourcc), invalid_argument (0 or too large, odd where the
    /// format subsamples, an alignment that is no power of two).
    static Result<FrameLayout> linear(std::uint32_t drm_fourcc, std::uint32_t width_px,
                                      std::uint32_t height_px,
                                      const LayoutAlignment& alignment = {});

    /// A layout that somebody else decided. Errors: as linear(), and invalid_argument for a pitch
    /// below the row or not a multiple of the format's block, for planes that overlap, and for
    /// offsets that overflow. With a modifier other than linear, extents are the exporter's: only
    /// pitch and overflow are checked.
    static Result<FrameLayout> from_planes(std::uint32_t drm_fourcc, std::uint32_t width_px,
                                           std::uint32_t height_px, std::uint64_t modifier,
                                           std::span<const PlaneLayout> planes);

    [[nodiscard]] const PixelFormat& format() const { return *format_; }
    [[nodiscard]] std::uint32_t width_px() const { return width_px_; }
    [[nodiscard]] std::uint32_t height_px() const { return height_px_; }
    [[nodiscard]] std::uint64_t modifier() const { return modifier_; }
    [[nodiscard]] bool is_linear() const;
    [[nodiscard]] std::span<const PlaneLayout> planes() const {
        return {planes_.data(), format_->plane_count};
    }

    /// Bytes of one row of plane `index`, without padding.
    [[nodiscard]] std::uint64_t row_bytes(std::size_t index) const;
    [[nodiscard]] std::uint32_t rows(std::size_t index) const;
    /// From the plane's first byte to its last: the last row counts without its padding.
    [[nodiscard]] std::uint64_t plane_extent_bytes(std::size_t index) const;
    /// What an object must hold at least.
    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
    /// Pixels without any padding: what one frame of a raw file holds.
    [[nodiscard]] std::uint64_t packed_bytes() const;

    /// Errors: invalid_argument, naming both sizes.
    [[nodiscard]] Result<void> check_fits(std::uint64_t object_bytes) const;

    /// "NV12 1280x720, pitch 1280, chroma at 921600", for people.
    [[nodiscard]] std::string to_string() const;

    /// Whether the pixels lie alike. Padding behind the last row, which only linear() knows, is
    /// none of them.
    bool operator==(const FrameLayout& other) const {
        return format_ == other.format_ && width_px_ == other.width_px_ &&
               height_px_ == other.height_px_ && modifier_ == other.modifier_ &&
               planes_ == other.planes_;
    }

  private:
    FrameLayout() = default;

    const PixelFormat* format_ = nullptr;
    std::uint32_t width_px_ = 0;
    std::uint32_t height_px_ = 0;
    std::uint64_t modifier_ = 0;
    std::array<PlaneLayout, 3> planes_{};
    std::uint64_t size_bytes_ = 0;
};

}  // namespace mrda
