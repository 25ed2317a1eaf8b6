// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mrda/interop/owned.h"
#include "mrda/interop/result.h"
#include "mrda/vaapi/display.h"
#include "mrda/vaapi/surface.h"

namespace mrda::vaapi {

struct ConfigHandle {
    VADisplay display = nullptr;
    VAConfigID id = VA_INVALID_ID;

    bool operator==(const ConfigHandle&) const = default;
};
struct ConfigPolicy {
    using Handle = ConfigHandle;
    static Handle null() { return {}; }
    static void close(Handle config);
};
struct ContextHandle {
    VADisplay display = nullptr;
    VAContextID id = VA_INVALID_ID;

    bool operator==(const ContextHandle&) const = default;
};
struct ContextPolicy {
    using Handle = ContextHandle;
    static Handle null() { return {}; }
    static void close(Handle context);
};

/// Clockwise, by quarters.
enum class Rotation : std::uint8_t { none, by_90, by_180, by_270 };
/// Left to right, or top to bottom; of the picture as it was turned.
enum class Mirror : std::uint8_t { none, horizontal, vertical };
enum class VideoFilter : std::uint8_t { noise_reduction, sharpening };
inline constexpr std::size_t kVideoFilters = 2;

std::string_view to_string(Rotation rotation);
std::string_view to_string(Mirror mirror);
std::string_view to_string(VideoFilter filter);

/// A filter's values, in the driver's own unit.
struct FilterRange {
    float least = 0;
    float most = 0;
    float usual = 0;
    float step = 0;
};

/// In whole pixels, from the surface's upper left.
struct Rectangle {
    std::uint32_t x_px = 0;
    std::uint32_t y_px = 0;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
};

/// What happens to a picture, in this order: the source rectangle is turned, mirrored, scaled to
/// the target rectangle, and converted to the target's format. Filters come where the driver has
/// them.
struct ProcessOptions {
    std::optional<Rectangle> source;  ///< Nothing: the whole surface.
    std::optional<Rectangle> target;  ///< Likewise. What is around it is the driver's to fill.
    Rotation rotation = Rotation::none;
    Mirror mirror = Mirror::none;
    /// By VideoFilter. Nothing: the filter is off.
    std::array<std::optional<float>, kVideoFilters> filters{};
};

/// The device's scaler, converter and filters (VAEntrypointVideoProc), for targets of one size and
/// format. Move-only; its Display must outlive it. For one thread at a time. When it goes, it waits
/// for what it has begun.
class VideoProcessor {
  public:
    /// Errors: unsupported (the driver has no video processing, or does not make that format or
    /// size), what the driver returned.
    static Result<VideoProcessor> open(const Display& display, std::uint32_t drm_fourcc,
                                       std::uint32_t width_px, std::uint32_t height_px);
    VideoProcessor(VideoProcessor&&) noexcept = default;
    VideoProcessor& operator=(VideoProcessor&&) = delete;
    ~VideoProcessor();

    [[nodiscard]] bool can(Rotation rotation) const;
    [[nodiscard]] bool can(Mirror mirror) const;
    /// Nothing: the driver has no such filter.
    [[nodiscard]] const std::optional<FilterRange>& range_of(VideoFilter filter) const {
        return filters_[static_cast<std::size_t>(filter)];
    }

    /// Whether process() takes that source and those options; nothing is given to the device.
    /// Errors: unsupported, naming what the driver lacks; invalid_argument (a value beyond its
    /// filter's range, a rectangle that is empty, leaves its surface or begins inside a chroma
    /// sample).
    [[nodiscard]] Result<void> check(const Surface& source, const ProcessOptions& options) const;

    /// Begins to make `target` of `source`, which must be of this display, and does not wait for
    /// it: target.wait() does. Until then the source may be read and the target written, so both
    /// must live, and neither may be touched. What was begun before on this object is done before.
    /// Where pixels are YUV on one side and RGB on the other, YUV is BT.601 of limited range.
    /// Errors: as check(); invalid_argument (a target of another size or format, a source that is
    /// its own target), what the driver returned; then nothing was begun.
    [[nodiscard]] Result<void> process(const Surface& source, const Surface& target,
                                       const ProcessOptions& options = {});

  private:
    VideoProcessor(std::string vendor, const PixelFormat& format, std::uint32_t width_px,
                   std::uint32_t height_px)
        : vendor_(std::move(vendor)),
          format_(&format),
          width_px_(width_px),
          height_px_(height_px) {}
    Result<void> query_pipeline();
    Result<void> query_filters();
    [[nodiscard]] Result<void> check_filters(const ProcessOptions& options) const;
    [[nodiscard]] Result<void> render(VASurfaceID target, VABufferID buffer);

    /// What the driver says of one side; empty lists and zeros: nothing.
    struct Side {
        std::vector<std::uint32_t> va_fourccs;
        std::uint32_t least_width_px = 0;
        std::uint32_t least_height_px = 0;
        std::uint32_t most_width_px = 0;
        std::uint32_t most_height_px = 0;
    };
    [[nodiscard]] Result<void> check_side(const Side& side, const char* which,
                                          const PixelFormat& format, std::uint32_t width_px,
                                          std::uint32_t height_px) const;

    std::string vendor_;
    const PixelFormat* format_;
    std::uint32_t width_px_;
    std::uint32_t height_px_;
    Side input_;
    Side output_;
    std::uint32_t rotations_ = 0;  // A bit for each VA_ROTATION_*.
    std::uint32_t mirrors_ = 0;    // VA_MIRROR_*, which are bits.
    std::array<std::optional<FilterRange>, kVideoFilters> filters_{};
    Owned<ConfigPolicy> config_;
    Owned<ContextPolicy> context_;
    VASurfaceID last_target_ = VA_INVALID_SURFACE;
};

}  // namespace mrda::vaapi
